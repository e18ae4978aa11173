"""What has to be done after a call: pure, from the result and the script that ran."""

import json

from callbot.language import Text
from callbot.messages import CallResult, Webhook
from callbot.protocol import Revision
from callbot.script.revision import read_revision, render_sms
from callbot.store.records import CallContext, FollowUpKind, NewFollowUp


def plan(result: CallResult, context: CallContext, signature: str) -> tuple[NewFollowUp, ...]:
    """The follow-ups of an ended call: at most one SMS and one webhook, as its end names them."""
    made = []
    if result.sms is not None:
        made.append(_sms(result, result.sms, context, signature))
    if result.webhook is not None:
        made.append(_webhook(result, result.webhook, context))
    return tuple(made)


def _sms(result: CallResult, sms: str, context: CallContext, signature: str) -> NewFollowUp:
    """The message of a template.

    Values are what was collected in the call, then the contact's inputs. ``signature`` names the sender, ``【…】`` at
    the front as Chinese carriers demand. What cannot be written becomes a follow-up with a problem: a person sees it.
    """
    values = {name: value for name, value in {**context.inputs, **result.slots}.items() if value}
    text, problem = _written(context.revision, sms, values)
    if context.phone is None:
        problem = Text("来电没有显示号码，短信没有发出。", "The caller has no number; the SMS was not sent.")
    return NewFollowUp(
        id=f"followup:{result.call_id}:sms",
        kind=FollowUpKind.SMS,
        template=sms,
        phone=context.phone,
        text=f"【{signature}】{text}" if signature and text else text,
        problem=problem,
    )


def _webhook(result: CallResult, webhook: Webhook, context: CallContext) -> NewFollowUp:
    """What another system is told, written down once: every try sends the same bytes. What is not there is null."""
    told = {
        "webhook": webhook.name,
        "call": result.call_id,
        "campaign": context.campaign_id or None,
        "script": context.revision.script,
        "direction": result.direction,
        "phone": None if context.phone is None else context.phone.number,
        "outcome": result.outcome,
        "tags": result.tags,
        "slots": result.slots,
        "values": webhook.values,
        "started_at": result.started_at.isoformat(),
        "answered_at": None if result.answered_at is None else result.answered_at.isoformat(),
        "ended_at": result.ended_at.isoformat(),
    }
    return NewFollowUp(
        id=f"followup:{result.call_id}:webhook",
        kind=FollowUpKind.WEBHOOK,
        template=webhook.name,
        phone=context.phone,
        text=json.dumps(told, ensure_ascii=False),
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
