/*
 * A schema-aware NETCONF client on libnetconf2 and libyang, for the interop tests. It connects, builds its
 * context from what the server serves, and then performs one request a line of standard input:
 *
 *   modules                 the implemented modules of its context
 *   get FILTER              <get>: FILTER an XPath, a subtree filter, or nothing
 *   get-config FILTER       <get-config> of running, likewise
 *   get-data FILTER         <get-data> of operational, likewise (RFC 8526); libyang leaves an empty container
 *                           out of a subtree filter
 *   get-data-of DATASTORE   <get-data> of its configuration, two levels, with all defaults
 *   edit XML                <edit-config> of running
 *   edit-data XML           <edit-data> of running
 *   lock | unlock           of running
 *   call XML                an RPC of a module, checked against its schema before it is sent
 *   subscribe STREAM        <create-subscription>
 *   notification            waits for the next one
 *   close                   ends the session
 *
 * It answers each with one JSON line: {"ok":"<data in XML>"}, {"error":"<rpc-error in XML>"} or
 * {"failed":"<why>"}. All replies and notifications are parsed and validated against the schemas. Whatever
 * libnetconf2 or libyang warns of goes to standard error.
 *
 * usage: netconf-client HOST PORT USER PASSWORD SCHEMA-DIR
 *
 * Where HOST is `listen`, it waits at PORT of 127.0.0.1 for the server to call (RFC 8071).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libyang/libyang.h>
#include <nc_client.h>

enum { timeout_ms = 30000, line_octets = 1 << 20 };

static const char *password;

static void complain(const struct nc_session *session, NC_VERB_LEVEL level, const char *message)
{
    (void)session;
    if (level <= NC_VERB_WARNING) fprintf(stderr, "libnetconf2: %s\n", message);
}

static void complain_of_yang(LY_LOG_LEVEL level, const char *message, const char *path)
{
    if (level <= LY_LLWRN) fprintf(stderr, "libyang: %s (%s)\n", message, path ? path : "-");
}

/* The tests' bridge has made its host key a moment ago. */
static int take_host_key(const char *hostname, ssh_session session, void *data)
{
    (void)hostname, (void)session, (void)data;
    return 0;
}

static char *give_password(const char *username, const char *hostname, void *data)
{
    (void)username, (void)hostname, (void)data;
    return strdup(password);
}

static char *give_answer(const char *name, const char *instruction, const char *prompt, int echo, void *data)
{
    (void)name, (void)instruction, (void)prompt, (void)echo, (void)data;
    return strdup(password);
}

static void answer(const char *kind, const char *text)
{
    printf("{\"%s\":\"", kind);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\') printf("\\%c", *c);
        else if (*c < 0x20) printf("\\u%04x", *c);
        else putchar(*c);
    }
    puts("\"}");
    fflush(stdout);
}

static void answer_tree(const char *kind, const struct lyd_node *tree)
{
    char *text = NULL;

    if (tree) lyd_print_mem(&text, tree, LYD_XML, LYD_PRINT_WITHSIBLINGS);
    answer(kind, text ? text : "");
    free(text);
}

/* The operation's own reply: an <rpc-error> in the envelope, or the output that was parsed by its schema. */
static void answer_reply(struct lyd_node *envelope, struct lyd_node *output)
{
    const struct lyd_node *child = envelope ? lyd_child(envelope) : NULL;

    if (child && !strcmp(LYD_NAME(child), "rpc-error")) answer_tree("error", child);
    else answer_tree("ok", output ? lyd_child(output) : NULL);
}

static void perform(struct nc_session *session, struct nc_rpc *rpc)
{
    struct lyd_node *envelope = NULL, *output = NULL;
    uint64_t id = 0;
    NC_MSG_TYPE type = NC_MSG_ERROR;

    if (rpc && nc_send_rpc(session, rpc, timeout_ms, &id) == NC_MSG_RPC)
        do type = nc_recv_reply(session, rpc, id, timeout_ms, &envelope, &output);
        while (type == NC_MSG_NOTIF);
    if (type == NC_MSG_REPLY) answer_reply(envelope, output);
    else answer("failed", ly_errmsg(nc_session_get_ctx(session)) ? ly_errmsg(nc_session_get_ctx(session)) : "no reply");
    lyd_free_all(envelope);
    lyd_free_all(output);
    nc_rpc_free(rpc);
}

/* Data that is not valid by its schema is not sent. */
static void call(struct nc_session *session, const char *xml)
{
    const struct ly_ctx *context = nc_session_get_ctx(session);
    struct lyd_node *data = NULL;
    struct ly_in *input = NULL;

    ly_in_new_memory(xml, &input);
    if (lyd_parse_op(context, NULL, input, LYD_XML, LYD_TYPE_RPC_YANG, &data, NULL) != LY_SUCCESS ||
        lyd_validate_op(data, NULL, LYD_TYPE_RPC_YANG, NULL) != LY_SUCCESS)
        answer("failed", ly_errmsg(context) ? ly_errmsg(context) : "not valid");
    else
        perform(session, nc_rpc_act_generic(data, NC_PARAMTYPE_CONST));
    lyd_free_all(data);
    ly_in_free(input, 0);
}

static void answer_notification(struct nc_session *session)
{
    struct lyd_node *envelope = NULL, *notification = NULL;

    if (nc_recv_notif(session, timeout_ms, &envelope, &notification) == NC_MSG_NOTIF) answer_tree("ok", notification);
    else answer("failed", "no notification");
    lyd_free_all(envelope);
    lyd_free_all(notification);
}

static void answer_modules(struct nc_session *session)
{
    const struct lys_module *module;
    uint32_t index = 0;

    fputs("{\"ok\":\"", stdout);
    while ((module = ly_ctx_get_module_iter(nc_session_get_ctx(session), &index)))
        if (module->implemented) printf("%s ", module->name);
    puts("\"}");
    fflush(stdout);
}

static int serve(struct nc_session *session, char *line)
{
    char *rest = strchr(line, ' ');
    const char *argument = rest ? rest + 1 : NULL;

    if (rest) *rest = '\0';
    if (!strcmp(line, "close")) return 0;
    if (!strcmp(line, "modules")) answer_modules(session);
    else if (!strcmp(line, "get")) perform(session, nc_rpc_get(argument, NC_WD_UNKNOWN, NC_PARAMTYPE_CONST));
    else if (!strcmp(line, "get-config"))
        perform(session, nc_rpc_getconfig(NC_DATASTORE_RUNNING, argument, NC_WD_ALL, NC_PARAMTYPE_CONST));
    else if (!strcmp(line, "get-data"))
        perform(session, nc_rpc_getdata("ietf-datastores:operational", argument, NULL, NULL, 0, 0, 0, 0, NC_WD_UNKNOWN,
                                        NC_PARAMTYPE_CONST));
    else if (!strcmp(line, "get-data-of") && argument)
        perform(session, nc_rpc_getdata(argument, NULL, "true", NULL, 0, 0, 2, 0, NC_WD_ALL, NC_PARAMTYPE_DUP_AND_FREE));
    else if (!strcmp(line, "edit-data") && argument)
        perform(session, nc_rpc_editdata("ietf-datastores:running", NC_RPC_EDIT_DFLTOP_MERGE, argument,
                                         NC_PARAMTYPE_CONST));
    else if (!strcmp(line, "edit") && argument)
        perform(session, nc_rpc_edit(NC_DATASTORE_RUNNING, NC_RPC_EDIT_DFLTOP_MERGE, NC_RPC_EDIT_TESTOPT_TESTSET,
                                     NC_RPC_EDIT_ERROPT_ROLLBACK, argument, NC_PARAMTYPE_CONST));
    else if (!strcmp(line, "lock")) perform(session, nc_rpc_lock(NC_DATASTORE_RUNNING));
    else if (!strcmp(line, "unlock")) perform(session, nc_rpc_unlock(NC_DATASTORE_RUNNING));
    else if (!strcmp(line, "call") && argument) call(session, argument);
    else if (!strcmp(line, "subscribe") && argument)
        perform(session, nc_rpc_subscribe(argument, NULL, NULL, NULL, NC_PARAMTYPE_CONST));
    else if (!strcmp(line, "notification")) answer_notification(session);
    else answer("failed", "no such request");
    return 1;
}

static struct nc_session *connect_to(const char *host, uint16_t port, const char *user)
{
    nc_client_ssh_set_username(user);
    nc_client_ssh_set_auth_hostkey_check_clb(take_host_key, NULL);
    nc_client_ssh_set_auth_password_clb(give_password, NULL);
    nc_client_ssh_set_auth_interactive_clb(give_answer, NULL);
    nc_client_ssh_set_auth_pref(NC_SSH_AUTH_PUBLICKEY, -1);
    return nc_connect_ssh(host, port, NULL);
}

static struct nc_session *accept_call(uint16_t port, const char *user)
{
    struct nc_session *session = NULL;

    nc_client_ssh_ch_set_username(user);
    nc_client_ssh_ch_set_auth_hostkey_check_clb(take_host_key, NULL);
    nc_client_ssh_ch_set_auth_password_clb(give_password, NULL);
    nc_client_ssh_ch_set_auth_interactive_clb(give_answer, NULL);
    nc_client_ssh_ch_set_auth_pref(NC_SSH_AUTH_PUBLICKEY, -1);
    if (nc_client_ssh_ch_add_bind_listen("127.0.0.1", port)) return NULL;
    answer("ok", "listening");
    return nc_accept_callhome(timeout_ms, NULL, &session) == 1 ? session : NULL;
}

int main(int argc, char **argv)
{
    struct nc_session *session;
    char *line = malloc(line_octets);

    if (argc != 6 || !line) {
        fputs("usage: netconf-client HOST PORT USER PASSWORD SCHEMA-DIR\n", stderr);
        return 2;
    }
    password = argv[4];
    nc_client_init();
    nc_verbosity(NC_VERB_WARNING);
    nc_set_print_clb_session(complain);
    ly_set_log_clb(complain_of_yang, 1);
    nc_client_set_schema_searchpath(argv[5]);

    session = strcmp(argv[1], "listen") == 0 ? accept_call((uint16_t)atoi(argv[2]), argv[3])
                                             : connect_to(argv[1], (uint16_t)atoi(argv[2]), argv[3]);
    if (!session) {
        answer("failed", "no session");
        return 1;
    }
    answer("ok", "connected");
    while (fgets(line, line_octets, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (!serve(session, line)) break;
    }
    nc_session_free(session, NULL);
    nc_client_destroy();
    free(line);
    return 0;
}
