"""What schemathesis must know of us beside the document: who asks does not change or delete their own account, since
nobody would answer the rest."""

import os
import uuid

import schemathesis

OWN = os.environ.get("CHECK_API_OWN_ID")


@schemathesis.hook
def before_call(context, case, kwargs):
    if OWN and OWN in (case.path_parameters or {}).values():
        case.path_parameters = {**case.path_parameters, "id": str(uuid.uuid4())}
