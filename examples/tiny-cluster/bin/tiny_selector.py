"""Label selectors as Kubernetes writes them: `a=b,c!=d`, `a in (b,c)`, `a notin (b)`, `a`, `!a`; all terms must hold."""
import re

KEY = r"(?:[a-z0-9.-]+/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?"
TERM = re.compile(rf"\s*(!?)\s*({KEY})\s*(?:(==?|!=)\s*([A-Za-z0-9_.-]*)|(in|notin)\s*\(([^()]*)\))?\s*(,|$)")


def matches(selector, labels):
    at = 0
    while at < len(selector):
        term = TERM.match(selector, at)
        if term is None or (term[1] and (term[3] or term[5])):
            raise ValueError(f"unable to parse requirement: {selector[at:]}")
        if not holds(term, labels):
            return False
        at = term.end()
    return True


def holds(term, labels):
    there, value = term[2] in labels, labels.get(term[2])
    if term[3]:
        return (value == term[4]) == (term[3] != "!=")
    if term[5]:
        listed = value in [each.strip() for each in term[6].split(",")]
        return there and listed if term[5] == "in" else not listed
    return there != bool(term[1])
