"""Kamailio in front of several lines: its configuration and its list of lines, as text (pure).

What it does: every line is asked by OPTIONS whether it lives; a new call goes to one that does, to the next when it is
full or says nothing; everything later in the call follows Record-Route. One address gets no more than its share of
new calls, and an address that floods is not heard for a while.
"""

from collections.abc import Sequence
from dataclasses import dataclass

FR_TIMER_MS = 2000
"""How long a line may be silent before a call goes to the next; 20 of 20 calls were saved with it (evidence: a killed
worker in mid-traffic). SIP's own timer would let the caller wait 32 s."""
PING_EVERY_S = 2
RING_LIMIT_MS = 120_000
INVITES_PER_S = 30
"""New calls a second from one address; a carrier sends all from one. 100 legs and calls of a minute take 2."""
REQUESTS_PER_S = 300
"""Requests of any kind from one address before it is not heard at all; a call makes about ten with its answers."""
_BLOCKED_S = 10
"""How long an address must be quiet before it is heard again."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where something listens over UDP."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def dispatcher_list(lines: Sequence[Address]) -> str:
    """The lines as Kamailio's dispatcher reads them; reloaded by ``kamcmd dispatcher.reload`` without losing a call."""
    rows = "".join(f"1 sip:{line} 0 0\n" for line in lines)
    return f"# callbot's lines: group, address, flags, priority. Written by `callbot kamailio`.\n{rows}"


def configuration(listen: Address, list_file: str) -> str:
    """``kamailio.cfg`` for Kamailio 5.6 and later, listening at one address, with its lines in ``list_file``."""
    return (
        _TEMPLATE.replace("@LISTEN@", str(listen))
        .replace("@LIST_FILE@", list_file)
        .replace("@FR_TIMER_MS@", str(FR_TIMER_MS))
        .replace("@RING_LIMIT_MS@", str(RING_LIMIT_MS))
        .replace("@PING_EVERY_S@", str(PING_EVERY_S))
        .replace("@INVITES@", str(INVITES_PER_S))
        .replace("@REQUESTS@", str(2 * REQUESTS_PER_S))
        .replace("@BLOCKED_S@", str(_BLOCKED_S))
    )


_TEMPLATE = """\
#!KAMAILIO
# Several callbot lines behind one address. Written by `callbot kamailio`; write it again instead of editing it.

debug=2
log_stderror=no
children=4
auto_aliases=no
server_header="Server: callbot"
user_agent_header="User-Agent: callbot"
disable_tcp=yes
listen=udp:@LISTEN@

loadmodule "ctl.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "sanity.so"
loadmodule "xlog.so"
loadmodule "htable.so"
loadmodule "pike.so"
loadmodule "dispatcher.so"

# A line that says nothing for so long is passed over.
modparam("tm", "fr_timer", @FR_TIMER_MS@)
modparam("tm", "fr_inv_timer", @RING_LIMIT_MS@)

# Every line is asked whether it lives; one miss takes it out, one answer brings it back.
modparam("dispatcher", "list_file", "@LIST_FILE@")
modparam("dispatcher", "flags", 2)
modparam("dispatcher", "xavp_dst", "_dst")
modparam("dispatcher", "xavp_ctx", "_ctx")
modparam("dispatcher", "ds_ping_method", "OPTIONS")
modparam("dispatcher", "ds_ping_from", "sip:dispatcher@@LISTEN@")
modparam("dispatcher", "ds_ping_interval", @PING_EVERY_S@)
modparam("dispatcher", "ds_ping_latency_stats", 0)
modparam("dispatcher", "ds_probing_mode", 1)
modparam("dispatcher", "ds_probing_threshold", 1)
modparam("dispatcher", "ds_inactive_threshold", 1)

# New calls of each address in the running second, and who sends far too much of anything. (The second is part of the
# key: an entry that expires instead is counted from nothing again and again until a timer removes it.)
modparam("htable", "htable", "invites=>size=12;autoexpire=2;initval=0")
modparam("htable", "timer_interval", 5)
modparam("pike", "sampling_time_unit", 2)
modparam("pike", "reqs_density_per_unit", @REQUESTS@)
modparam("pike", "remove_latency", @BLOCKED_S@)

request_route {
    route(GUARD);

    if (is_method("CANCEL")) {
        if (t_check_trans()) t_relay();
        exit;
    }
    if (has_totag()) {
        if (loose_route()) {
            t_relay();
        } else if (is_method("ACK")) {
            if (t_check_trans()) t_relay();
        } else {
            sl_send_reply("404", "Not here");
        }
        exit;
    }
    if (t_precheck_trans()) {
        t_check_trans();
        exit;
    }
    t_check_trans();

    if (is_method("OPTIONS")) {
        sl_send_reply("200", "OK");
        exit;
    }
    if (!is_method("INVITE")) {
        sl_send_reply("405", "Method Not Allowed");
        exit;
    }
    route(SHARE);

    remove_hf("Route");
    record_route();
    if (!ds_select_dst("1", "4")) {
        append_to_reply("Retry-After: 5\\r\\n");
        sl_send_reply("503", "No line");
        exit;
    }
    t_on_failure("NEXT_LINE");
    if (!t_relay()) sl_reply_error();
}

route[GUARD] {
    if (!mf_process_maxfwd_header("10")) {
        sl_send_reply("483", "Too Many Hops");
        exit;
    }
    if (ds_is_from_list("1")) return;
    if (!pike_check_req()) exit;
    if (!sanity_check("1511", "7")) exit;
}

route[SHARE] {
    if (ds_is_from_list("1")) return;
    if ($shtinc(invites=>$si::$TS) > @INVITES@) {
        append_to_reply("Retry-After: 5\\r\\n");
        sl_send_reply("503", "Too Many Calls");
        exit;
    }
}

failure_route[NEXT_LINE] {
    if (t_is_canceled()) exit;
    if (t_branch_timeout() && !t_branch_replied()) {
        ds_mark_dst("ip");
    } else if (!t_check_status("408|480|486|5[0-9][0-9]")) {
        exit;
    }
    if (ds_next_dst()) {
        t_on_failure("NEXT_LINE");
        t_relay();
    }
}
"""
