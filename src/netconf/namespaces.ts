/** NETCONF messages and operations (RFC 6241 §3.1). */
export const baseNamespace = 'urn:ietf:params:xml:ns:netconf:base:1.0';

/** RFC 6022. */
export const monitoringNamespace = 'urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring';

/** RFC 7895 and RFC 8525. */
export const yangLibraryNamespace = 'urn:ietf:params:xml:ns:yang:ietf-yang-library';

/** The hand-written module `mup-bridge`: the bridge's data, RPCs and configuration. */
export const bridgeNamespace = 'urn:mup:yang:mup-bridge';

/** RFC 8341. */
export const nacmNamespace = 'urn:ietf:params:xml:ns:yang:ietf-netconf-acm';

/** RFC 5277 §4: `create-subscription` and `notification`. */
export const notificationNamespace = 'urn:ietf:params:xml:ns:netconf:notification:1.0';

/** RFC 5277 §3.4: streams, `replayComplete` and `notificationComplete`. */
export const notificationStateNamespace = 'urn:ietf:params:xml:ns:netmod:notification';

/** RFC 6470. */
export const baseEventsNamespace = 'urn:ietf:params:xml:ns:yang:ietf-netconf-notifications';

/** RFC 8526: `get-data` and `edit-data`. */
export const nmdaNamespace = 'urn:ietf:params:xml:ns:yang:ietf-netconf-nmda';

/** RFC 8342: identities of datastores. */
export const datastoresNamespace = 'urn:ietf:params:xml:ns:yang:ietf-datastores';
