# SPDX-License-Identifier: MIT
"""Documents against the schemas that are shipped, found as a stranger's validator finds them: by
the address of the file, a neighbour by its name beside it. Not tests.

    validate(tote.json("run"), "run")"""

import copy
import json
import os
import pathlib

import jsonschema
from tote_tool import ROOT

FOLDER = pathlib.Path(ROOT, "docs", "schemas")


def names(folder=FOLDER):
    return sorted(name.removesuffix(".schema.json") for name in os.listdir(folder))


def read(name, folder=FOLDER):
    return json.loads(pathlib.Path(folder, f"{name}.schema.json").read_text(encoding="utf-8"))


def closed(node):
    """The schema without room for fields that it does not name."""
    node = copy.deepcopy(node)
    stack = [node]
    while stack:
        at = stack.pop()
        if isinstance(at, list):
            stack += at
        elif isinstance(at, dict):
            if "properties" in at:
                at.setdefault("additionalProperties", False)
            stack += at.values()
    return node


def validate(document, name, folder=FOLDER):
    """As it is shipped, and without fields that are not documented."""
    address = pathlib.Path(folder, f"{name}.schema.json").resolve().as_uri()
    schema = read(name, folder)
    jsonschema.Draft202012Validator.check_schema(schema)
    for one in (schema, closed(schema)):
        resolver = jsonschema.RefResolver(address, one)
        jsonschema.Draft202012Validator(one, resolver=resolver).validate(document)
