#!/usr/bin/env python3
"""The scenarios of ../lwip between two hosts of ns-3. usage: NS3_LAB=DIR scenarios.py OUTPUT SEED plain|rich|small [NAME...]; DIR is build.sh's."""
import ctypes as C, importlib.util, os, signal, sys
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lwip'))
import lab
from lab import ACCEPT, BASE, FIN, IP, NAMES, RST, SYN, Pkt

OUT = C.CFUNCTYPE(None, C.c_int, C.c_void_p, C.c_int)
STATE = C.CFUNCTYPE(None, C.c_int, C.c_uint, C.c_uint, C.c_uint, C.c_int)
EVENT = C.CFUNCTYPE(None, C.c_int, C.c_int, C.c_int, C.c_int)
# by variant: MSS, SACK, window scale, timestamps, bytes of a buffer, congestion control
VARIANTS = {'plain': (1460, 0, 0, 0, 131072, b'ns3::TcpNewReno'), 'rich': (1448, 1, 1, 1, 131072, b'ns3::TcpCubic'),
    'small': (536, 1, 1, 1, 8192, b'ns3::TcpNewReno')}

class Simulation:
    """The one that both hosts are in. What its hosts call back with is put aside until the call into it is over."""
    def __init__(s, L, variant, seed):
        s.lab, s.hosts, s.pending, s.why, s.wakes = L, [None, None], [], '', None
        s.lib = C.CDLL(os.path.join(os.environ.get('NS3_LAB', '.'), 'ns3.so'))
        s.lib.lab_next.restype, s.lib.lab_until.argtypes, s.lib.host_input.argtypes = C.c_longlong, [C.c_longlong], [C.c_int, C.c_char_p, C.c_int]
        s.callbacks = OUT(s.sent), STATE(s.state), EVENT(lambda *event: s.pending.append(event))
        s.lib.lab_init(IP[0], IP[1], seed & 0xffff, *VARIANTS[variant], *s.callbacks)
    def sent(s, i, p, n):
        h, raw = s.hosts[i], C.string_at(p, n); k = Pkt(raw)
        if k.flags & RST: # ns-3 lets go of the socket, and leaves its state as it was
            last = h.last(k.sp, IP[1 - i], k.dp)
            if last and last[4] not in ('CLOSED', 'LISTEN'): h.log.append((s.lab.t, k.sp, IP[1 - i], k.dp, 'CLOSED', s.why))
        h.latest = max(s.lab.t + 5000, h.latest + 2000) # one packet behind the other
        s.lab.sent(i, raw, h.latest)
    def state(s, i, lp, rip, rp, st):
        h = s.hosts[i]; last = h.last(lp, rip, rp)
        if NAMES[st] == 'CLOSE_WAIT' and last and last[4] == 'SYN_RCVD': # it takes the ACK and the FIN at once
            h.log.append((s.lab.t, lp, rip, rp, 'ESTABLISHED', s.why))
        h.log.append((s.lab.t, lp, rip, rp, NAMES[st], s.why))
    def call(s, why, f, *args):
        s.why = why; s.lib.lab_until(s.lab.t - BASE); r = f(*args)
        pending, s.pending = s.pending, []
        for i, id, kind, arg in pending:
            h = s.hosts[i]
            if kind == ACCEPT: h.on[id] = h.default
            if h.on.get(id): h.on[id](id, kind, arg)
        due = s.lib.lab_next()
        if due >= 0:
            at = max(BASE + due, s.lab.t)
            if s.wakes is None or at < s.wakes: s.wakes = at; s.lab.at(at, s.wake)
        return r
    def wake(s): s.wakes = None; s.call('timer', lambda: None)

class Host:
    """What lab.Host is for lwIP."""
    simulation = None
    def __init__(s, L, i, variant, seed):
        s.lab, s.i, s.on, s.default, s.dead, s.log, s.latest, s.l = L, i, {}, None, False, [], 0, s
        if Host.simulation is None: Host.simulation = Simulation(L, variant, seed)
        s.sim = Host.simulation
        if s.sim.hosts[i]: s.sim.lib.host_forget(i) # it starts anew
        s.sim.hosts[i] = s
    def last(s, *key): return next((x for x in reversed(s.log) if x[1:4] == key), None)
    def input(s, raw):
        f = Pkt(raw).flags
        if not s.dead: s.sim.call('received ' + ('RST' if f & RST else 'SYN' if f & SYN else 'FIN' if f & FIN else 'ACK'), s.sim.lib.host_input, s.i, raw, len(raw))
    def listen(s, port, backlog=10, cb=None): s.default = cb; s.sim.call('listen()', s.sim.lib.host_listen, s.i, port, backlog)
    def connect(s, lport, port, cb=None):
        id = s.sim.call('connect()', s.sim.lib.host_connect, s.i, IP[1 - s.i], lport, port); s.on[id] = cb; return id
    def write(s, id, n): return s.sim.call('write()', s.sim.lib.host_write, s.i, id, n)
    def close(s, id): return s.sim.call('close()', s.sim.lib.host_close, s.i, id)
    def shutdown(s, id): return s.sim.call('shutdown()', s.sim.lib.host_shutdown, s.i, id)
    def abort(s, id): s.sim.call('abort()', s.sim.lib.host_abort, s.i, id)
    def hold(s, id, on): s.sim.call('read()', s.sim.lib.host_hold, s.i, id, on)
    def host_room(s, id): return s.sim.lib.host_room(s.i, id)

lab.Host, lab.STACK = Host, 'ns-3.37'
spec = importlib.util.spec_from_file_location('theirs', os.path.join(HERE, '..', 'lwip', 'scenarios.py'))
theirs = importlib.util.module_from_spec(spec); spec.loader.exec_module(theirs)
theirs.Host = Host

if __name__ == '__main__':
    out, seed, variant, only = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    os.makedirs(out, exist_ok=True)
    for name, f in theirs.S.items():
        if only and name not in only or name.startswith('keepalive'): continue # ns-3 has no keep-alives
        pid = os.fork() # a process has one simulation
        if pid == 0:
            signal.alarm(120)
            L = lab.Lab(name, out, seed, variant, **getattr(f, 'kw', {})); f(L)
            L.run(theirs.duration(L, name))
            print(name, len(L.cap[0].pk), len(L.cap[1].pk), flush=True); os._exit(0)
        if os.waitpid(pid, 0)[1]: print(name, 'ended ns-3', flush=True)
