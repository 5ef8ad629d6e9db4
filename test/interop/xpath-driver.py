"""Evaluates XPath expressions with libxml2, as lxml binds it: one JSON document in, one out."""
import json
import sys

from lxml import etree


def shown(item):
    return "#" + item.get("id") if isinstance(item, etree._Element) else str(item)


def evaluate(root, expression, prefixes):
    try:
        value = root.getroottree().xpath(expression, namespaces=prefixes)
    except etree.XPathError as error:
        return {"error": str(error)}
    return {"value": [shown(item) for item in value] if isinstance(value, list) else value}


job = json.load(sys.stdin)
answers = [evaluate(etree.fromstring(xml), expression, job["prefixes"]) for xml, expression in job["cases"]]
json.dump(answers, sys.stdout, allow_nan=True)
