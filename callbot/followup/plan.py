"""What has to be done after a call: pure, from the result and the script that ran."""

from callbot.language import Text
from callbot.messages import CallResult
from callbot.protocol import Revision
from callbot.script.revision import read_revision, render_sms
from callbot.store.records import CallContext, NewFollowUp


def plan(result: CallResult, context: CallContext, signature: str) -> tuple[NewFollowUp, ...]:
    """The follow-ups of an ended call: at most one SMS, from the template that its end names.

    Values are what was collected in the call, then the contact's inputs. ``signature`` names the sender, ``【…】`` at
    the front as Chinese carriers demand. What cannot be written becomes a follow-up with a problem: a person sees it.
    """
    if result.sms is None:
        return ()
    values = {name: value for name, value in {**context.inputs, **result.slots}.items() if value}
    text, problem = _written(context.revision, result.sms, values)
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


def _written(revision: Revision, sms: str, values: dict[str, str]) -> tuple[str, Text | None]:
    if sms not in read_revision(revision).sms:
        return "", Text(f"脚本没有名为 {sms} 的短信模板。", f"The script has no SMS template {sms}.")
    try:
        return render_sms(revision, sms, values), None
    except KeyError as error:
        return "", Text(
            f"短信模板 {sms} 里的 {error.args[0]} 在这通电话里没有值，短信没有发出。",
            f"SMS template {sms} needs {error.args[0]}, which had no value in this call; the SMS was not sent.",
        )
