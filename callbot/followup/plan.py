"""What has to be done after a call: pure, from the result and the script's SMS templates."""

import re
from collections.abc import Callable, Mapping

from callbot.language import Text
from callbot.messages import CallResult
from callbot.store.records import CallContext, NewFollowUp

_VALUE = re.compile(r"\{([^{}]*)\}")

Show = Callable[[str, str], str]
"""How a value is written for reading: its name and its canonical text to, for example, ``128.50元``."""


def plan(
    result: CallResult, context: CallContext, templates: Mapping[str, str], *, signature: str, show: Show
) -> tuple[NewFollowUp, ...]:
    """The follow-ups of an ended call: at most one SMS, with the template that its end names.

    ``templates`` are the texts of the revision that ran, by id, with ``{name}`` for values: what was collected in the
    call first, then the contact's inputs. ``signature`` names the sender, ``【…】`` at the front as Chinese carriers
    demand. What cannot be written becomes a follow-up with a problem, so that a person sees it.
    """
    if result.sms is None:
        return ()
    values = {**context.inputs, **result.slots}
    text, problem = _render(result.sms, templates, {name: show(name, value) for name, value in values.items()})
    return (
        NewFollowUp(
            id=f"followup:{result.call_id}:sms",
            kind="sms",
            template=result.sms,
            phone=context.phone,
            text=f"【{signature}】{text}" if signature and text else text,
            problem=problem,
        ),
    )


def _render(name: str, templates: Mapping[str, str], values: Mapping[str, str]) -> tuple[str, Text | None]:
    if name not in templates:
        return "", Text(f"脚本没有名为 {name} 的短信模板。", f"The script has no SMS template {name}.")
    template = templates[name]
    missing = [value for value in _VALUE.findall(template) if not values.get(value)]
    if missing:
        names = "、".join(dict.fromkeys(missing))
        return template, Text(
            f"短信模板 {name} 里的 {names} 在这通电话里没有值，短信没有发出。",
            f"SMS template {name} needs {names}, which had no value in this call; the SMS was not sent.",
        )
    return _VALUE.sub(lambda found: values[found[1]], template), None
