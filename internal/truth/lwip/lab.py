"""Two hosts of lwIP, joined by a middle that delays, loses, repeats and reorders, in a time of their own. A Lab writes what a tap at each
host and one in the middle see, and the states that both hosts told: the format of the other captures of endpoints (../kernel)."""
import ctypes as C, heapq, json, os, random, struct, shutil, tempfile

LIBRARIES = os.environ.get('LWIP_LAB', '.'); STACK = 'lwIP 2.1.3'
NAMES = ['CLOSED','LISTEN','SYN_SENT','SYN_RCVD','ESTABLISHED','FIN_WAIT_1','FIN_WAIT_2','CLOSE_WAIT','CLOSING','LAST_ACK','TIME_WAIT']
OUT = C.CFUNCTYPE(None, C.c_void_p, C.c_int); NOW = C.CFUNCTYPE(C.c_uint)
ST = C.CFUNCTYPE(None, *[C.c_uint]*4, C.c_int, C.c_uint); EV = C.CFUNCTYPE(None, C.c_int, C.c_int, C.c_int)
ACCEPT, CONNECTED, DATA, EOF, ERR, SENT = range(6)
IP = [0x0a000001, 0x0a000002]; BASE = 1795884913_000000000
SYN, FIN, RST, PSH, ACK = 2, 1, 4, 8, 16
def ipstr(x): return '.'.join(str(x >> s & 255) for s in (24,16,8,0))
def csum(b):
    if len(b) & 1: b += b'\0'
    t = sum(struct.unpack('!%dH' % (len(b)//2), b))
    while t >> 16: t = (t & 65535) + (t >> 16)
    return ~t & 65535
class Pkt:
    def __init__(s, raw):
        s.raw = raw; h = (raw[0] & 15) * 4
        s.sp, s.dp, s.seq, s.ack, off, s.flags, s.win = struct.unpack_from('!HHIIBBH', raw, h)
        s.src = struct.unpack_from('!I', raw, 12)[0]
        s.len = struct.unpack_from('!H', raw, 2)[0] - h - (off >> 4) * 4
    @property
    def dir(s): return 0 if s.src == IP[0] else 1
def make(src, sp, dst, dp, seq, ack, flags, win=1000, data=b'', ttl=60):
    tcp = struct.pack('!HHIIBBHHH', sp, dp, seq & 0xffffffff, ack & 0xffffffff, 5 << 4, flags, win, 0, 0) + data
    ph = struct.pack('!IIHH', src, dst, 6, len(tcp)); tcp = tcp[:16] + struct.pack('!H', csum(ph + tcp)) + tcp[18:]
    ip = struct.pack('!BBHHHBBHII', 0x45, 0, 20 + len(tcp), random.randrange(65536), 0, ttl, 6, 0, src, dst)
    return ip[:10] + struct.pack('!H', csum(ip)) + ip[12:] + tcp
class Pcap:
    def __init__(s, path): s.f = open(path, 'wb'); s.f.write(struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 65535, 1)); s.pk = []
    def add(s, t, raw, d): s.pk.append((t, raw, d))
    def close(s):
        for t, raw, d in sorted(s.pk, key=lambda x: x[0]):
            m = [b'\2\0\0\0\0\1', b'\2\0\0\0\0\2']; e = m[1-d] + m[d] + b'\x08\0' + raw
            s.f.write(struct.pack('<IIII', t // 10**9, t % 10**9, len(e), len(e)) + e)
        s.f.close()
class Host:
    def __init__(s, lab, i, variant, seed):
        s.lab, s.i = lab, i; p = tempfile.mktemp('.so'); shutil.copy(os.path.join(LIBRARIES, variant + '.so'), p)
        s.l = C.CDLL(p, mode=os.RTLD_LOCAL | os.RTLD_NOW); os.unlink(p)
        s.h = {}; s.on = {}; s.default = None; s.outs = 0; s.why = ''; s.dead = False
        s.cbs = (OUT(s.output), NOW(lambda: (lab.t - BASE) // 10**6 & 0xffffffff), ST(s.state), EV(s.event))
        s.l.host_init(IP[i], seed, *s.cbs); s.tick = None; s.log = []
    def output(s, p, n): s.outs += 1; s.lab.sent(s.i, C.string_at(p, n), s.lab.t + 5000 + 2000 * s.outs)
    def state(s, lip, lp, rip, rp, st, isn): s.log.append((s.lab.t, lp, rip, rp, NAMES[st], s.why))
    def event(s, id, kind, arg): s.pending.append((id, kind, arg))
    def call(s, why, f, *a):
        s.why, s.outs, s.pending = why, 0, []; r = f(*a); p = s.pending; s.pending = []
        for id, kind, arg in p:
            if kind == ACCEPT: s.on[id] = s.default
            cb = s.on.get(id)
            if cb: cb(id, kind, arg)
        s.arm(); return r
    def arm(s):
        n = s.l.host_next() & 0xffffffff
        if n == 0xffffffff: return
        at = s.lab.t + max(n, 1) * 10**6 // 1 
        if s.tick is None or at < s.tick or s.tick <= s.lab.t: s.tick = at; s.lab.at(at, s.do_tick)
    def do_tick(s):
        if s.dead: return
        s.tick = None; s.call('timer', s.l.host_tick)
    def input(s, raw):
        if s.dead: return
        k = Pkt(raw); f = k.flags; n = ('RST' if f & RST else 'SYN' if f & SYN else 'FIN' if f & FIN else 'ACK')
        s.call('received ' + n, s.l.host_input, raw, len(raw))
    # application
    def listen(s, port, backlog=10, cb=None): s.default = cb; s.call('listen()', s.l.host_listen, port, backlog)
    def connect(s, lport, port, cb=None):
        r = s.call('connect()', s.l.host_connect, IP[1 - s.i], lport, port); s.on[r] = cb; return r
    def write(s, id, n): return s.call('write()', s.l.host_write, id, n)
    def close(s, id): return s.call('close()', s.l.host_close, id)
    def shutdown(s, id): return s.call('shutdown()', s.l.host_shutdown, id)
    def abort(s, id): s.call('abort()', s.l.host_abort, id)
    def hold(s, id, on): s.call('read()', s.l.host_hold, id, on)
class Lab:
    def __init__(s, name, out, seed, variant='plain', delay=(5e-3, 6e-3), loss=0, dup=0, reorder=0, v2=None):
        s.name, s.out, s.seed = name, out, seed; s.r = random.Random(f'{name}{seed}'); random.seed(f'{name}{seed}i')
        s.t = BASE + s.r.randrange(10**9); s.q = []; s.n = 0; s.rules = []; s.loss, s.dup, s.reorder = loss, dup, reorder
        s.delay = [int(d * (0.6 + s.r.random()) * 1e9) for d in delay]; s.last = [0, 0]
        p = os.path.join(out, f'{name}.s{seed}.')
        s.p = p; s.cap = [Pcap(p + 'client.pcap'), Pcap(p + 'server.pcap')]; s.mid = Pcap(p + 'middle.pcap'); s.start = s.t; s.dropped = s.forwarded = 0
        s.h = [Host(s, 0, variant, s.r.randrange(2**31)), Host(s, 1, v2 or variant, s.r.randrange(2**31))]; s.variant = variant
        s.cl, s.sv = s.h; s.t += 10**6
    def at(s, t, f, *a): s.n += 1; heapq.heappush(s.q, (t, s.n, f, a))
    def after(s, sec, f, *a): s.at(s.t + int(sec * 1e9), f, *a)
    def rule(s, pred, act='drop', n=1, by=0.0, skip=0): s.rules.append([pred, act, n, by, skip])
    def sent(s, i, raw, t):
        k = Pkt(raw); s.cap[i].add(t, raw, i); half = s.delay[i] // 2; s.mid.add(t + half, raw, i); s.at(t + half, s.middle, i, raw, t)
    def middle(s, i, raw, t0):
        k = Pkt(raw); extra = 0; copies = 1; hit = False
        for r in s.rules:
            if r[2] > 0 and r[0](k):
                if r[4] > 0: r[4] -= 1; continue
                r[2] -= 1; hit = True
                if r[1] == 'drop': s.dropped += 1; return
                if r[1] == 'dup': copies = 2; extra2 = int(r[3] * 1e9)
                if r[1] == 'late': extra = int(r[3] * 1e9)
                break
        if s.r.random() < s.loss: s.dropped += 1; return
        if not hit and s.r.random() < s.dup: copies, extra2 = 2, s.r.randrange(1, 20) * 10**6
        if not hit and s.r.random() < s.reorder: extra = s.r.randrange(1, 30) * 10**6
        s.forwarded += 1
        at = t0 + s.delay[i] + extra
        if not extra: at = max(at, s.last[i] + 1000); s.last[i] = at
        s.at(at, s.arrive, 1 - i, raw)
        if copies == 2: s.at(at + extra2 + 1000, s.arrive, 1 - i, raw)
    def arrive(s, j, raw):
        if s.h[j].dead == 'gone': return
        s.cap[j].add(s.t, raw, 1 - j); s.at(s.t + 3000, s.h[j].input, raw)
    def inject(s, j, **kw):
        raw = make(**kw); s.at(s.t + s.delay[1 - j] // 2, s.arrive, j, raw)
    def run(s, until=200.0):
        end = s.start + int(until * 1e9)
        while s.q and s.q[0][0] <= end:
            t, _, f, a = heapq.heappop(s.q); s.t = max(s.t, t); f(*a)
        s.stop = s.t = min(end, max(s.t, end))
        s.finish()
    def finish(s):
        for c in s.cap + [s.mid]: c.close()
        conns = {}
        # connections: by (client port, server port), a new one at each SYN_SENT of the client or SYN_RCVD of a passive side
        seqs = {0: {}, 1: {}}
        for i in (0, 1):
            for t, lp, rip, rp, st, why in s.h[i].log:
                if st == 'LISTEN' or rp == 0: continue
                key = (lp, rp) if i == 0 else (rp, lp); L = seqs[i].setdefault(key, [])
                if st == 'CLOSED' and (not L or L[-1] and L[-1][-1]['state'] == 'CLOSED'): continue
                if not L or L[-1] and L[-1][-1]['state'] == 'CLOSED' or st == 'SYN_SENT' or (st == 'SYN_RCVD' and L[-1][-1]['state'] != 'SYN_SENT'): L.append([])
                if L[-1] and L[-1][-1]['t'] == t: L[-1][-1]['transient'] = True
                L[-1].append({'t': t, 'state': st, 'why': why})
        isns = {}
        for c in s.cap:
            for t, raw, d in sorted(c.pk, key=lambda x: x[0]):
                k = Pkt(raw)
                if k.flags & SYN: isns.setdefault(((k.sp, k.dp) if d == 0 else (k.dp, k.sp), d), []).append((t, k.seq)) if (k.seq not in [q for _, q in isns.get(((k.sp, k.dp) if d == 0 else (k.dp, k.sp), d), [])]) else None
        out = []
        for key in sorted(set(seqs[0]) | set(seqs[1])):
            a, b = seqs[0].get(key, []), seqs[1].get(key, [])
            ia, ib = isns.get((key, 0), []), isns.get((key, 1), [])
            # pair the runs: those of the client in order; a server's belongs to the last client's run that began before it
            runs = [[x, []] for x in a] or [[[], []]]
            for y in b:
                best = None
                for r in runs:
                    if r[0] and r[0][0]['t'] <= y[0]['t'] + s.delay[1] * 0 + 1 and not r[1]: best = r
                if best is None and runs and any(r[1] for r in runs):  # an old duplicate of the SYN: the same connection's, as the other sets have it
                    last = [r for r in runs if r[1]][-1]; last[1].extend(y); continue
                if best is None:
                    best = [[], []]; runs.append(best)
                best[1] = y
            runs = [r for r in runs if r[0] or r[1]]
            runs.sort(key=lambda r: min(x[0]['t'] for x in r if x))
            for n, (x, y) in enumerate(runs):
                pick = lambda l, L: next((q for t, q in l if L and abs(t - L[0]['t']) < 50000), l[min(n, len(l)-1)][1] if l else None)
                out.append({'conn': {'client': f'10.0.0.1:{key[0]}', 'server': f'10.0.0.2:{key[1]}'}, 'scenario': s.name, 'initial': {'client': 'CLOSED', 'server': 'LISTEN'},
                    'isn': {'client': pick(ia, x), 'server': pick(ib, y)}, 'client': x, 'server': y, 'retransmits': [], 'notes': ''})
        json.dump({'scenario': s.name, 'seed': s.seed, 'capture_start': s.start, 'capture_stop': s.stop, 'stack': STACK + ' ' + s.variant, 'near': 0.1,
            'c2s': '{Delay:%gms}' % (s.delay[0] / 1e6), 's2c': '{Delay:%gms}' % (s.delay[1] / 1e6)}, open(s.p + 'json', 'w'), indent=1)
        with open(s.p + 'truth.jsonl', 'w') as f:
            for o in out: f.write(json.dumps(o) + '\n')
