/* A host of lwIP without an operating system: packets, the clock and timers come from outside, every change of a connection's state is told,
 * and an application is driven by calls. Built into a library of which each host loads a copy of its own, since lwIP keeps its state in
 * global variables. */
#include "lwip/opt.h"
#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/tcp.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/timeouts.h"
#include "lwip/ip4.h"
#include <string.h>
typedef unsigned int u;
typedef void (*out_fn)(const void *, int);
typedef u (*now_fn)(void);
typedef void (*state_fn)(u lip, u lport, u rip, u rport, int state, u isn);
typedef void (*event_fn)(int id, int kind, int arg);
static out_fn out_cb; static now_fn now_cb; static state_fn state_cb; static event_fn event_cb;
static u seed;
static struct netif nif;
unsigned lab_rand(void) { seed = seed * 1664525u + 1013904223u; return seed ^ (seed >> 16); }
u32_t sys_now(void) { return now_cb(); }
void lab_state(struct tcp_pcb *p, int s) {
  state_cb(ntohl(ip4_addr_get_u32(ip_2_ip4(&p->local_ip))), p->local_port, ntohl(ip4_addr_get_u32(ip_2_ip4(&p->remote_ip))), p->remote_port, s, 0);
}
#define MAX 4096
static struct app { struct tcp_pcb *pcb; int hold; unsigned held; } apps[MAX]; static int napps;
static err_t output(struct netif *n, struct pbuf *p, const ip4_addr_t *a) {
  static unsigned char b[70000]; int len = pbuf_copy_partial(p, b, sizeof b, 0); out_cb(b, len); return ERR_OK;
}
static err_t nif_init(struct netif *n) { n->output = output; n->mtu = 1500; n->flags |= NETIF_FLAG_LINK_UP; return ERR_OK; }
enum { EV_ACCEPT, EV_CONNECTED, EV_DATA, EV_EOF, EV_ERR, EV_SENT };
static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err) {
  int id = (int)(long)arg;
  if (p == NULL) { event_cb(id, EV_EOF, 0); return ERR_OK; }
  int n = p->tot_len;
  if (apps[id].hold) apps[id].held += n; else tcp_recved(pcb, n);
  pbuf_free(p); event_cb(id, EV_DATA, n);
  return apps[id].pcb == NULL && apps[id].hold == 2 ? ERR_ABRT : ERR_OK;
}
static void on_err(void *arg, err_t err) { int id = (int)(long)arg; apps[id].pcb = NULL; event_cb(id, EV_ERR, err); }
static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t len) { event_cb((int)(long)arg, EV_SENT, len); return ERR_OK; }
static err_t on_conn(void *arg, struct tcp_pcb *pcb, err_t err) { event_cb((int)(long)arg, EV_CONNECTED, err); return ERR_OK; }
static int add(struct tcp_pcb *p) {
  int id = napps++; apps[id].pcb = p; apps[id].hold = 0; apps[id].held = 0;
  tcp_arg(p, (void *)(long)id); tcp_recv(p, on_recv); tcp_err(p, on_err); tcp_sent(p, on_sent); return id;
}
static err_t on_accept(void *arg, struct tcp_pcb *p, err_t err) { if (err != ERR_OK || p == NULL) return ERR_VAL; int id = add(p); event_cb(id, EV_ACCEPT, p->remote_port); return ERR_OK; }
void host_init(u ip, u s, out_fn o, now_fn n, state_fn st, event_fn e) {
  out_cb = o; now_cb = n; state_cb = st; event_cb = e; seed = s;
  lwip_init();
  ip4_addr_t a, m, g; ip4_addr_set_u32(&a, htonl(ip)); ip4_addr_set_u32(&m, htonl(0xffffff00u)); ip4_addr_set_u32(&g, 0);
  netif_add(&nif, &a, &m, &g, NULL, nif_init, ip4_input); netif_set_default(&nif); netif_set_up(&nif); netif_set_link_up(&nif);
}
void host_input(const void *d, int n) {
  struct pbuf *p = pbuf_alloc(PBUF_RAW, n, PBUF_RAM); pbuf_take(p, d, n); ip4_input(p, &nif);
}
u host_next(void) { return sys_timeouts_sleeptime(); }
void host_tick(void) { sys_check_timeouts(); }
int host_listen(int port, int backlog) { struct tcp_pcb *p = tcp_new(); tcp_bind(p, IP_ADDR_ANY, port); p = tcp_listen_with_backlog(p, backlog); int id = napps++; apps[id].pcb = p; tcp_arg(p, NULL); tcp_accept(p, on_accept); return id; }
int host_connect(u ip, int lport, int port) {
  struct tcp_pcb *p = tcp_new(); ip_addr_t a; ip4_addr_set_u32(ip_2_ip4(&a), htonl(ip)); int id = add(p);
  ip_set_option(p, SOF_REUSEADDR); err_t e = tcp_bind(p, IP_ADDR_ANY, lport); if (e) return -100 + e;
  e = tcp_connect(p, &a, port, on_conn); return e ? -1 : id;
}
int host_write(int id, int n) { static char b[200000]; if (!apps[id].pcb) return -99; memset(b, 'x', sizeof b); err_t e = tcp_write(apps[id].pcb, b, n, TCP_WRITE_FLAG_COPY); if (e == ERR_OK) tcp_output(apps[id].pcb); return e; }
int host_room(int id) { return apps[id].pcb ? tcp_sndbuf(apps[id].pcb) : 0; }
int host_close(int id) { struct tcp_pcb *p = apps[id].pcb; if (!p) return -99; apps[id].pcb = NULL; if (p->state != LISTEN) { tcp_arg(p, NULL); tcp_recv(p, NULL); tcp_err(p, NULL); tcp_sent(p, NULL); } return tcp_close(p); }
int host_shutdown(int id) { return apps[id].pcb ? tcp_shutdown(apps[id].pcb, 0, 1) : -99; }
void host_abort(int id) { struct tcp_pcb *p = apps[id].pcb; if (!p) return; apps[id].pcb = NULL; tcp_arg(p, NULL); tcp_recv(p, NULL); tcp_err(p, NULL); tcp_sent(p, NULL); tcp_abort(p); }
void host_hold(int id, int on) { apps[id].hold = on; if (!on && apps[id].pcb && apps[id].held) { unsigned n = apps[id].held; apps[id].held = 0; while (n) { unsigned k = n > 60000 ? 60000 : n; tcp_recved(apps[id].pcb, k); n -= k; } } }
void host_keepalive(int id, int idle, int intvl, int cnt) { struct tcp_pcb *p = apps[id].pcb; ip_set_option(p, SOF_KEEPALIVE); p->keep_idle = idle; p->keep_intvl = intvl; p->keep_cnt = cnt; }
void host_nagle(int id, int on) { if (on) tcp_nagle_enable(apps[id].pcb); else tcp_nagle_disable(apps[id].pcb); }
