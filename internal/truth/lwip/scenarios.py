#!/usr/bin/env python3
"""The scenarios of the lab. usage: LWIP_LAB=DIR scenarios.py OUTPUT SEED plain|rich [NAME...]; DIR is build.sh's."""
import sys
from lab import *

S = {}
def sc(f): S[f.__name__.replace('_', '-')] = f; return f
is_syn = lambda k: k.flags & (SYN|ACK) == SYN
is_sa = lambda k: k.flags & (SYN|ACK) == SYN|ACK
def fin(d): return lambda k: k.dir == d and k.flags & FIN
def rst(d): return lambda k: k.dir == d and k.flags & RST
def pure(d): return lambda k: k.dir == d and k.flags == ACK and k.len == 0
def data(d): return lambda k: k.dir == d and k.len > 0
def alld(d): return lambda k: k.dir == d
class App:
    """request/response: the client asks n bytes, the server answers m, then closes as told"""
    def __init__(s, L, ask=100, answer=500, who='client', think=0.02, after=0.05, server_close=0.01, port=8080, lport=None, start=0.0, srv=True, rounds=1, half=False, listen=True):
        s.L = L; s.ask, s.answer, s.who, s.think, s.after_, s.sc, s.rounds, s.half = ask, answer, who, think, after, server_close, rounds, half
        s.port, s.lport = port, lport or L.r.randrange(30000, 60000); s.got = [0, 0]; s.id = [None, None]; s.srv = srv; s.closed = [False, False]; s.left = [0, 0]
        if listen: L.sv.listen(port, 10, s.server)
        L.after(start, s.go)
    def go(s): s.id[0] = s.L.cl.connect(s.lport, s.port, s.client)
    def put(s, i, n):
        s.left[i] += n; s.pump(i)
    def pump(s, i):
        h = s.L.h[i]
        while s.left[i] > 0:
            n = min(s.left[i], 5000, h.l.host_room(s.id[i]))
            if n <= 0: return
            if h.write(s.id[i], n) != 0: return
            s.left[i] -= n
    def close(s, i):
        if s.closed[i]: return
        s.closed[i] = True; s.L.h[i].close(s.id[i])
    def client(s, id, kind, arg):
        L = s.L
        if kind == CONNECTED:
            s.id[0] = id
            if s.ask: s.put(0, s.ask)
            elif s.who == 'client': L.after(s.after_, s.close, 0)
        elif kind == DATA:
            s.got[0] += arg
            if s.got[0] % s.answer == 0 and s.got[0] > 0:
                s.rounds -= 1
                if s.rounds > 0: L.after(s.after_, s.put, 0, s.ask)
                elif s.who == 'client': L.after(s.after_, L.cl.shutdown if s.half else (lambda i: s.close(0)), s.id[0])
                elif s.who == 'both': L.at(L.t + int(s.after_ * 1e9), s.close, 0)
        elif kind == SENT: s.pump(0)
        elif kind == EOF and s.who != 'never': L.after(s.sc, s.close, 0)
    def server(s, id, kind, arg):
        L = s.L
        if kind == ACCEPT: s.id[1] = id
        elif kind == DATA:
            s.got[1] += arg
            if s.ask and s.got[1] % s.ask == 0 and s.answer:
                L.after(s.think, s.put, 1, s.answer)
                if s.who == 'server': L.after(s.think + s.after_, s.close, 1)
                if s.who == 'both': L.after(s.think + s.after_ + (L.delay[1]) / 1e9, s.close, 1)
        elif kind == SENT: s.pump(1)
        elif kind == EOF and s.who != 'never': L.after(s.sc, s.close, 1)
@sc
def close_client(L): App(L)
@sc
def close_server(L): App(L, who='server')
@sc
def fast_close(L): App(L, server_close=0)
@sc
def half_close(L):
    a = App(L, half=True, server_close=0.3); L.after(0.25, a.put, 1, 3000)
@sc
def simul_close(L): App(L, who='both')
@sc
def simul_close_fin_lost(L): App(L, who='both'); L.rule(fin(0))
@sc
def simul_close_ack_lost(L): App(L, who='both'); L.rule(lambda k: k.dir == 0 and k.flags == ACK and k.len == 0, skip=2)
@sc
def no_close(L): App(L, who='none')
@sc
def syn_lost(L): App(L); L.rule(is_syn)
@sc
def syn_lost_2(L): App(L); L.rule(is_syn, n=2)
@sc
def synack_lost(L): App(L); L.rule(is_sa)
@sc
def synack_lost_3(L): App(L); L.rule(is_sa, n=3)
@sc
def synack_late(L): App(L); L.rule(is_sa, 'late', by=4)
@sc
def hsack_lost(L): App(L, ask=0, after=3); L.rule(pure(0))
@sc
def hsack_lost_data(L): App(L); L.rule(pure(0))
@sc
def hsack_lost_forever(L): App(L, ask=0, after=400); L.rule(alld(0), n=99, skip=1)
@sc
def hsack_lost_close(L): App(L, ask=0, after=0.001); L.rule(pure(0))
@sc
def fin_lost_client(L): App(L); L.rule(fin(0))
@sc
def fin_lost_client_2(L): App(L); L.rule(fin(0), n=2)
@sc
def fin_lost_server(L): App(L); L.rule(fin(1))
@sc
def fin_lost_both(L): App(L); L.rule(fin(0)); L.rule(fin(1))
@sc
def fin_lost_forever(L): App(L); L.rule(fin(0), n=99)
@sc
def fin_dup(L): App(L); L.rule(fin(0), 'dup', by=0.001)
@sc
def fin_dup_late(L): App(L); L.rule(fin(1), 'dup', by=1.5)
@sc
def ack_of_fin_lost(L): App(L, server_close=2); L.rule(pure(1), skip=1)
@sc
def final_ack_lost(L): App(L); L.rule(lambda k: k.dir == 0 and k.flags == ACK, skip=2)
@sc
def final_ack_lost_3(L): App(L); L.rule(lambda k: k.dir == 0 and k.flags == ACK, n=3, skip=2)
@sc
def final_ack_lost_forever(L): App(L); L.rule(lambda k: k.dir == 0 and k.flags == ACK, n=99, skip=2)
@sc
def finack_server_first(L): App(L, who='server', server_close=0)
@sc
def data_lost(L): App(L, ask=9000, answer=9000); L.rule(data(0), n=1, skip=2); L.rule(data(1), n=1, skip=3)
@sc
def data_last_lost(L): App(L, ask=4000, answer=4000); L.rule(data(1), n=1, skip=2)
@sc
def data_and_fin_lost(L): App(L, who='server', after=0.0); L.rule(data(1)); L.rule(fin(1))
@sc
def fin_before_data(L): App(L, who='server', after=0.0005, answer=2900); L.rule(data(1), 'late', by=0.03)
@sc
def closed_port(L): App(L, listen=False)
@sc
def closed_port_rst_lost(L): App(L, listen=False); L.rule(rst(1))
@sc
def syn_blackhole(L): App(L); L.rule(alld(0), n=99)
@sc
def synrcvd_giveup(L): App(L, ask=0); L.rule(alld(0), n=99, skip=1)
@sc
def rst_client(L):
    a = App(L, who='none'); L.after(0.3, lambda: L.cl.abort(a.id[0]))
@sc
def rst_server(L):
    a = App(L, who='none'); L.after(0.3, lambda: L.sv.abort(a.id[1]))
@sc
def rst_both(L):
    a = App(L, who='none'); L.after(0.3, lambda: L.sv.abort(a.id[1])); L.after(0.3, lambda: L.cl.abort(a.id[0]))
@sc
def rst_lost_idle(L):
    a = App(L, who='none'); L.after(0.3, lambda: L.cl.abort(a.id[0])); L.rule(rst(0))
@sc
def rst_lost_then_data(L):
    a = App(L, who='none'); L.after(0.3, lambda: L.cl.abort(a.id[0])); L.rule(rst(0)); L.after(1, a.put, 1, 700)
@sc
def rst_lost_then_close(L):
    a = App(L, who='none'); L.after(0.3, lambda: L.cl.abort(a.id[0])); L.rule(rst(0)); L.after(1, a.close, 1)
@sc
def abort_in_close_wait(L):
    a = App(L, who='never'); L.after(0.3, a.close, 0); L.after(0.6, lambda: L.sv.abort(a.id[1]))
@sc
def abort_in_fin_wait(L):
    a = App(L, who='never'); L.after(0.3, lambda: L.cl.shutdown(a.id[0])); L.after(0.6, lambda: L.cl.abort(a.id[0]))
@sc
def close_wait_forever(L):
    a = App(L, who='never'); L.after(0.3, a.close, 0)
@sc
def fin_wait_2_timeout_late(L):
    a = App(L, who='never'); L.after(0.3, a.close, 0); L.after(60, a.close, 1)
@sc
def unread_server(L):
    a = App(L, who='none', answer=0)
    L.after(0.0, lambda: None); old = a.server
    def srv(id, kind, arg):
        if kind == ACCEPT: L.sv.hold(id, 1)
        old(id, kind, arg)
    L.sv.default = srv; L.after(0.3, a.close, 1)
@sc
def unread_client(L):
    a = App(L, who='none'); L.after(0.005, lambda: L.cl.hold(a.id[0], 1)); L.after(0.3, a.close, 0)
@sc
def zero_window(L):
    a = App(L, who='none', ask=100, answer=60000); L.after(0.005, lambda: L.cl.hold(a.id[0], 1)); L.after(6, lambda: L.cl.hold(a.id[0], 0)); L.after(20, a.close, 0)
@sc
def zero_window_orphan(L):
    a = App(L, who='none', ask=100, answer=60000); L.after(0.005, lambda: L.cl.hold(a.id[0], 1)); L.after(2, a.close, 1)
@sc
def zero_window_peer_gone(L):
    a = App(L, who='none', ask=100, answer=60000); L.after(0.005, lambda: L.cl.hold(a.id[0], 1)); L.after(2, gone, L, 0)
def gone(L, i): L.h[i].dead = 'gone'
@sc
def rto_giveup(L):
    a = App(L, who='none'); L.after(0.3, lambda: L.rule(alld(0), n=999)); L.after(0.3, lambda: L.rule(alld(1), n=999)); L.after(0.5, a.put, 0, 500)
@sc
def rto_giveup_in_close_wait(L):
    a = App(L, who='never'); L.after(0.3, a.close, 0); L.after(0.6, lambda: L.rule(alld(0), n=999)); L.after(1, a.put, 1, 500)
@sc
def last_ack_giveup(L):
    a = App(L, who='never'); L.after(0.3, a.close, 0); L.after(0.6, lambda: L.rule(alld(0), n=999)); L.after(1, a.close, 1)
@sc
def write_after_close(L):
    a = App(L, who='never'); L.after(0.3, a.close, 0); L.after(1, a.put, 1, 500)
@sc
def write_crosses_close(L):
    a = App(L, who='none'); L.after(0.3, a.close, 0); L.after(0.3, a.put, 1, 500); L.after(0.5, a.close, 1)
@sc
def data_crosses_close(L):
    a = App(L, who='none'); L.after(0.3, lambda: L.cl.shutdown(a.id[0])); L.after(0.3, a.put, 1, 500); L.after(0.5, a.close, 1)
@sc
def keepalive(L):
    a = App(L, who='none'); L.after(0.1, lambda: L.cl.l.host_keepalive(a.id[0], 5000, 2000, 4)); L.after(60, a.close, 0)
@sc
def keepalive_fails(L):
    a = App(L, who='none'); L.after(0.1, lambda: L.cl.l.host_keepalive(a.id[0], 5000, 2000, 4)); L.after(20, lambda: L.rule(alld(1), n=999))
@sc
def keepalive_peer_gone(L):
    a = App(L, who='none'); L.after(0.1, lambda: L.cl.l.host_keepalive(a.id[0], 5000, 2000, 4)); L.after(20, reboot, L, 1)
def reboot(L, i):
    old = L.h[i]; old.dead = True
    for e in list({(lp, rip, rp) for t, lp, rip, rp, st, why in old.log if st != 'LISTEN'}):
        last = [x for x in old.log if (x[1], x[2], x[3]) == e][-1]
        if last[4] != 'CLOSED': old.log.append((L.t, *e, 'CLOSED', 'reboot'))
    L.h[i] = n = Host(L, i, L.variant, L.r.randrange(2**31)); n.log = old.log
    if i == 0: L.cl = n
    else: L.sv = n
@sc
def half_open_reboot_server(L):
    a = App(L, who='none'); L.after(1, reboot, L, 1); L.after(2, a.put, 0, 300)
@sc
def half_open_reboot_listens(L):
    a = App(L, who='none'); L.after(1, reboot, L, 1); L.after(1.5, lambda: L.sv.listen(8080, 10, a.server)); L.after(2, a.put, 0, 300)
@sc
def half_open_reconnect(L):
    a = App(L, who='none'); L.after(1, reboot, L, 0)
    def again():
        b = App(L, lport=a.lport, listen=False); L.sv.default = b.server
    L.after(2, again)
@sc
def reuse_timewait_server(L):
    a = App(L, who='server', server_close=0)
    def again():
        b = App(L, lport=a.lport, listen=False); L.sv.default = b.server
    L.after(5, again)
@sc
def reuse_after_rst(L):
    a = App(L, who='none'); L.after(0.3, lambda: L.cl.abort(a.id[0]))
    def again():
        b = App(L, lport=a.lport, listen=False); L.sv.default = b.server
    L.after(2, again)
@sc
def reuse_last_ack(L):
    a = App(L); L.rule(lambda k: k.dir == 0 and k.flags == ACK, n=99, skip=2)
    L.after(4, reboot, L, 0)
    def again():
        b = App(L, lport=a.lport, listen=False); L.sv.default = b.server
    L.after(5, again)
@sc
def timewait_end(L): App(L)
@sc
def timewait_late_fin(L): App(L); L.rule(fin(1), 'dup', by=30)
@sc
def timewait_dup_data(L): App(L, who='client'); L.rule(data(1), 'dup', by=2)
@sc
def old_dup_syn_established(L): App(L, who='none'); L.rule(is_syn, 'dup', by=1)
@sc
def old_dup_syn_timewait(L): App(L, who='server', server_close=0); L.rule(is_syn, 'dup', by=2)
@sc
def old_dup_syn_after(L): App(L); L.rule(is_syn, 'dup', by=2)
@sc
def old_dup_synack_established(L): App(L, who='none'); L.rule(is_sa, 'dup', by=1)
@sc
def syn_dup(L): App(L); L.rule(is_syn, 'dup', by=0.0)
def inj(L, a, j, t, **f):
    def go():
        k = [Pkt(r) for _, r, d in L.cap[0].pk + L.cap[1].pk if d == 1 - j]; k = [x for x in k if x.len > 0 or x.flags & SYN]
        nxt = max(x.seq + x.len + (1 if x.flags & SYN else 0) for x in k)
        o = [Pkt(r) for _, r, d in L.cap[0].pk + L.cap[1].pk if d == j]; acked = max(x.seq + x.len + (1 if x.flags & SYN else 0) for x in o)
        g = dict(f); off = g.pop('off', 0)
        sp, dp = (a.port, a.lport) if j == 0 else (a.lport, a.port)
        L.inject(j, src=IP[1-j], sp=sp, dst=IP[j], dp=dp, seq=nxt + off, ack=acked, **g)
    L.after(t, go)
@sc
def inject_rst(L): a = App(L, who='none'); inj(L, a, 1, 0.5, flags=RST); L.after(1, a.put, 0, 300)
@sc
def inject_rst_in_window(L): a = App(L, who='none'); inj(L, a, 1, 0.5, flags=RST, off=500); L.after(1, a.put, 0, 300); L.after(3, a.close, 0)
@sc
def inject_rst_outside(L): a = App(L, who='none'); inj(L, a, 1, 0.5, flags=RST, off=500000); L.after(1, a.put, 0, 300); L.after(3, a.close, 0)
@sc
def inject_rst_to_client(L): a = App(L, who='none'); inj(L, a, 0, 0.5, flags=RST|ACK); L.after(1, a.put, 1, 300)
@sc
def inject_fin_outside(L): a = App(L, who='none'); inj(L, a, 1, 0.5, flags=FIN|ACK, off=500000); L.after(1, a.put, 0, 300); L.after(3, a.close, 0)
@sc
def inject_syn(L): a = App(L, who='none'); inj(L, a, 1, 0.5, flags=SYN, off=500); L.after(1, a.put, 0, 300); L.after(3, a.close, 0)
@sc
def listener_gone(L): App(L, listen=False, start=0.1); 
@sc
def simul_open(L): simul(L)
def simul(L, syn=None):
    a = App(L, who='none', listen=False, ask=0, lport=7000, port=7001)
    def other(): a.id[1] = L.sv.connect(7001, 7000, a.server)
    L.after(0.001, other); L.after(1, lambda: a.put(0, 200)); L.after(2, a.close, 0); L.after(2.5, a.close, 1)
@sc
def simul_open_syn_lost(L): simul(L); L.rule(lambda k: k.dir == 1 and k.flags == SYN)
@sc
def simul_open_synack_lost(L): simul(L); L.rule(is_sa)
@sc
def outage(L):
    a = App(L, who='client', rounds=20, after=0.2); L.after(1, lambda: L.rule(alld(0), n=3)); L.after(1, lambda: L.rule(alld(1), n=3))
for d in ('up', 'down', 'both'):
    for kind, kw in (('loss1', dict(loss=.01)), ('loss5', dict(loss=.05)), ('dup', dict(dup=.05)), ('reorder', dict(reorder=.05)), ('mess', dict(loss=.02, dup=.02, reorder=.03))):
        def f(L, d=d): App(L, ask=120000 if d != 'down' else 300, answer=120000 if d != 'up' else 300)
        f.kw = kw; S[f'bulk-{d}-{kind}'] = f
for kind, kw in (('loss0', {}), ('loss3', dict(loss=.03)), ('loss10', dict(loss=.1))):
    def f(L):
        for i in range(60):
            w = L.r.choice(['client', 'server', 'both', 'none', 'client', 'server'])
            a = App(L, port=8000 + i, who=w, start=i * 0.05, rounds=L.r.randrange(1, 4), after=L.r.random() * .3, server_close=L.r.choice([0, .01, .5]), think=L.r.random() * .05)
    f.kw = kw; f.many = True; S['many-' + kind] = f
def chaos(L, n=150):
    for i in range(n):
        w = L.r.choice(['client', 'server', 'both', 'none', 'never', 'client', 'server'])
        a = App(L, port=8000 + i, who=w, start=i * 0.1, ask=L.r.choice([0, 50, 100, 3000, 9000]), answer=L.r.choice([10, 500, 5000]), rounds=L.r.randrange(1, 4), after=L.r.random() * .3,
            server_close=L.r.choice([0, .01, .5, 3]), think=L.r.random() * .05, listen=L.r.random() > .05, half=L.r.random() < .2)
        x = L.r.random(); t = i * 0.1 + L.r.random() * 2
        if x < .1: L.after(t, lambda a=a: a.id[0] is not None and L.cl.abort(a.id[0]))
        elif x < .2: L.after(t, lambda a=a: a.id[1] is not None and L.sv.abort(a.id[1]))
        elif x < .3: L.after(t, lambda a=a: a.id[1] is not None and a.close(1))
        elif x < .4: L.after(t, lambda a=a: a.id[0] is not None and a.close(0))
        elif x < .5: L.after(t, lambda a=a: a.id[0] is not None and L.cl.hold(a.id[0], 1))
for kind, kw in (('loss5', dict(loss=.05)), ('loss15', dict(loss=.15)), ('mess', dict(loss=.05, dup=.1, reorder=.1)), ('dup', dict(dup=.3)), ('reorder', dict(reorder=.3))):
    def f(L): chaos(L, 40)
    f.kw = kw; S['chaos-' + kind] = f
def duration(L, name): return 700 if any(w in name for w in ('giveup', 'blackhole', 'forever')) else L.r.choice([100, 200, 330])
if __name__ == '__main__':
    out, seed, variant = sys.argv[1], int(sys.argv[2]), sys.argv[3]; only = sys.argv[4:]
    os.makedirs(out, exist_ok=True)
    for n, f in S.items():
        if only and n not in only: continue
        L = Lab(n, out, seed, variant, **getattr(f, 'kw', {})); f(L)
        L.run(duration(L, n))
        print(n, len(L.cap[0].pk), len(L.cap[1].pk), flush=True)
