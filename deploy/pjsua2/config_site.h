/*
 * PJSIP's size for one large line: callbot's own build, made by deploy/pjsua2.sh.
 * Tables are allocated at start; a call takes memory only while it lasts (about 2.5 MB, media threads and buffers included).
 */
#define PJSUA_MAX_CALLS         512
#define PJSUA_MAX_PLAYERS       1024  /* one per leg, and room for a bridge's own */
#define PJSUA_MAX_RECORDERS     1024
#define PJSUA_MAX_CONF_PORTS    4096  /* a leg takes four: call, ear, mouth, player */
#define PJSUA_MAX_ACC           64    /* trunks */

#define PJ_IOQUEUE_MAX_HANDLES  4096  /* RTP and RTCP of every call, and SIP over TCP and TLS */
#define PJ_HAS_IPV6             1

#define PJSIP_MAX_TSX_COUNT     8191
#define PJSIP_MAX_DIALOG_COUNT  4095
#define PJSIP_MAX_TIMER_COUNT   32767
