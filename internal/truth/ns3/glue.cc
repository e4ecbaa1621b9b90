/* Two hosts of ns-3 in one simulation. Packets come from outside, every change of a connection's state is told, and applications are driven
 * by calls; the first argument of each call is the host, 0 or 1. */
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/map-scheduler.h"
#include "ns3/network-module.h"
#include "ns3/virtual-net-device.h"

#include <map>
#include <set>

using namespace ns3;

typedef unsigned int u;
typedef void (*out_fn)(int host, const void *packet, int length);
typedef void (*state_fn)(int host, u lport, u rip, u rport, int state);
typedef void (*event_fn)(int host, int id, int kind, int arg);

static out_fn out_cb;
static state_fn state_cb;
static event_fn event_cb;

enum { EV_ACCEPT, EV_CONNECTED, EV_DATA, EV_EOF, EV_ERR, EV_SENT }; // as the hosts of lwIP have them

/* The scheduler tells when the next event is due. */
struct LabScheduler : MapScheduler {
    static TypeId GetTypeId() {
        static TypeId id = TypeId("ns3::LabScheduler").SetParent<MapScheduler>().AddConstructor<LabScheduler>();
        return id;
    }
    LabScheduler() { one = this; }
    static LabScheduler *one;
};
LabScheduler *LabScheduler::one;
NS_OBJECT_ENSURE_REGISTERED(LabScheduler);

struct App {
    Ptr<TcpSocketBase> socket;
    int host;
    bool holds; // it does not read
};
static std::map<int, App> apps;
static int newest;

struct Host {
    Ptr<Node> node;
    Ptr<VirtualNetDevice> device;
} static hosts[2];

/* The place of a state in the list of the lab. */
static int number(TcpSocket::TcpStates_t s) {
    static const TcpSocket::TcpStates_t order[] = {TcpSocket::CLOSED,     TcpSocket::LISTEN,     TcpSocket::SYN_SENT,   TcpSocket::SYN_RCVD,
                                                   TcpSocket::ESTABLISHED, TcpSocket::FIN_WAIT_1, TcpSocket::FIN_WAIT_2, TcpSocket::CLOSE_WAIT,
                                                   TcpSocket::CLOSING,    TcpSocket::LAST_ACK,   TcpSocket::TIME_WAIT};
    for (int i = 0; i < 11; i++)
        if (order[i] == s) return i;
    return 0;
}

/* A socket whose states are told. It is never freed, so that an address is of one socket. */
struct Watched {
    int host;
    u lport, rip, rport;
    TcpSocketBase *socket;

    void name() {
        Address at;
        socket->GetSockName(at);
        lport = InetSocketAddress::ConvertFrom(at).GetPort();
        if (socket->GetPeerName(at) == 0 && InetSocketAddress::IsMatchingType(at)) {
            rip = InetSocketAddress::ConvertFrom(at).GetIpv4().Get();
            rport = InetSocketAddress::ConvertFrom(at).GetPort();
        }
    }
    void tell(TcpSocket::TcpStates_t s) {
        if (rport == 0) name();
        state_cb(host, lport, rip, rport, number(s));
    }
};
static std::set<TcpSocketBase *> watched;

static void changed(Watched *w, TcpSocket::TcpStates_t, TcpSocket::TcpStates_t now) { w->tell(now); }

static bool watch(Watched *w) {
    if (!watched.insert(w->socket).second) return false;
    w->socket->Ref();
    w->socket->TraceConnectWithoutContext("State", MakeBoundCallback(&changed, w));
    return true;
}

/* A listener's new sockets are found when they send their SYN-ACK, in SYN_RCVD. */
static void findNew(int host) {
    ObjectVectorValue all;
    hosts[host].node->GetObject<TcpL4Protocol>()->GetAttribute("SocketList", all);
    for (auto it = all.Begin(); it != all.End(); ++it) {
        Watched *w = new Watched{host, 0, 0, 0, PeekPointer(DynamicCast<TcpSocketBase>(it->second))};
        if (!watch(w)) continue;
        w->name();
        if (w->rport != 0) w->tell(TcpSocket::SYN_RCVD);
    }
}

static bool transmit(int host, Ptr<Packet> p, const Address &, const Address &, uint16_t) {
    static uint8_t bytes[70000];
    int n = p->CopyData(bytes, sizeof bytes);
    findNew(host);
    out_cb(host, bytes, n);
    return true;
}

static int idOf(Ptr<Socket> s) {
    for (auto &a : apps)
        if (a.second.socket == s) return a.first;
    return -1;
}

static void tell(Ptr<Socket> s, int kind, int arg) {
    int id = idOf(s);
    if (id >= 0) event_cb(apps[id].host, id, kind, arg);
}

static void drain(int id) {
    App &a = apps[id];
    while (!a.holds && a.socket) {
        Ptr<Packet> p = a.socket->Recv(1 << 20, 0);
        if (!p || p->GetSize() == 0) return;
        event_cb(a.host, id, EV_DATA, p->GetSize());
    }
}

static void onData(Ptr<Socket> s) {
    int id = idOf(s);
    if (id >= 0) drain(id);
}
static void onSent(Ptr<Socket> s, uint32_t n) { tell(s, EV_SENT, n); }
static void onEOF(Ptr<Socket> s) { tell(s, EV_EOF, 0); }
static void onError(Ptr<Socket> s) { tell(s, EV_ERR, 0); }
static void onConnected(Ptr<Socket> s) { tell(s, EV_CONNECTED, 0); }
static void onFailed(Ptr<Socket> s) { tell(s, EV_ERR, 1); }

static int add(int host, Ptr<Socket> s) {
    int id = newest++;
    apps[id] = App{DynamicCast<TcpSocketBase>(s), host, false};
    s->SetRecvCallback(MakeCallback(&onData));
    s->SetSendCallback(MakeCallback(&onSent));
    s->SetCloseCallbacks(MakeCallback(&onEOF), MakeCallback(&onError));
    s->SetConnectCallback(MakeCallback(&onConnected), MakeCallback(&onFailed));
    return id;
}

static void onAccept(Ptr<Socket> s, const Address &) {
    int host = s->GetNode() == hosts[0].node ? 0 : 1;
    event_cb(host, add(host, s), EV_ACCEPT, 0);
}

/* What ns-3 has no call for. */
struct Open : TcpSocketBase {
    static void reset(TcpSocketBase *s) { (s->*&Open::SendRST)(); }
    static void forget(TcpSocketBase *s) {
        (s->*&Open::CancelAllTimers)();
        (s->*&Open::DeallocateEndPoint)();
    }
};

static void makeHost(int i, Ptr<Node> node, u address) {
    Host &h = hosts[i];
    h.node = node;
    h.device = CreateObject<VirtualNetDevice>();
    h.device->SetAddress(Mac48Address::Allocate());
    h.device->SetNeedsArp(false);
    h.device->SetIsPointToPoint(true);
    h.device->SetMtu(1500);
    h.device->SetSendCallback(MakeBoundCallback(&transmit, i));
    node->AddDevice(h.device);
    Ptr<Ipv4> ip = node->GetObject<Ipv4>();
    uint32_t n = ip->AddInterface(h.device);
    ip->AddAddress(n, Ipv4InterfaceAddress(Ipv4Address(address), Ipv4Mask("255.255.255.0")));
    ip->SetMetric(n, 1);
    ip->SetUp(n);
}

extern "C" {
void lab_init(u ip0, u ip1, u seed, int mss, int sack, int scale, int stamps, int buffer, const char *congestion, out_fn o, state_fn s, event_fn e) {
    out_cb = o, state_cb = s, event_cb = e;
    RngSeedManager::SetSeed(seed + 1);
    GlobalValue::Bind("ChecksumEnabled", BooleanValue(true));
    Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(mss));
    Config::SetDefault("ns3::TcpSocketBase::Sack", BooleanValue(sack));
    Config::SetDefault("ns3::TcpSocketBase::WindowScaling", BooleanValue(scale));
    Config::SetDefault("ns3::TcpSocketBase::Timestamp", BooleanValue(stamps));
    Config::SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(buffer));
    Config::SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(buffer));
    Config::SetDefault("ns3::TcpL4Protocol::SocketType", TypeIdValue(TypeId::LookupByName(congestion)));
    ObjectFactory scheduler;
    scheduler.SetTypeId(LabScheduler::GetTypeId());
    Simulator::SetScheduler(scheduler);
    NodeContainer nodes;
    nodes.Create(2);
    InternetStackHelper stack;
    stack.SetIpv6StackInstall(false);
    stack.Install(nodes);
    makeHost(0, nodes.Get(0), ip0);
    makeHost(1, nodes.Get(1), ip1);
}

/* Has the time go on, in ns since the simulation began. */
void lab_until(long long t) {
    long long now = Simulator::Now().GetNanoSeconds();
    if (t < now) return;
    Simulator::Stop(NanoSeconds(t - now));
    Simulator::Run();
}

/* When the next event is due, -1 if there is none. */
long long lab_next() { return LabScheduler::one == nullptr || LabScheduler::one->IsEmpty() ? -1 : (long long)LabScheduler::one->PeekNext().key.m_ts; }

void host_input(int host, const void *packet, int length) {
    Ptr<Packet> p = Create<Packet>((const uint8_t *)packet, length);
    hosts[host].device->Receive(p, 0x0800, hosts[1 - host].device->GetAddress(), hosts[host].device->GetAddress(), NetDevice::PACKET_HOST);
}

int host_listen(int host, int port, int) {
    Ptr<Socket> s = Socket::CreateSocket(hosts[host].node, TcpSocketFactory::GetTypeId());
    int id = newest++;
    apps[id] = App{DynamicCast<TcpSocketBase>(s), host, false};
    watched.insert(PeekPointer(apps[id].socket));
    s->Ref();
    if (s->Bind(InetSocketAddress(Ipv4Address::GetAny(), port))) return -1;
    s->Listen();
    s->SetAcceptCallback(MakeNullCallback<bool, Ptr<Socket>, const Address &>(), MakeCallback(&onAccept));
    return id;
}

int host_connect(int host, u ip, int lport, int port) {
    Ptr<Socket> s = Socket::CreateSocket(hosts[host].node, TcpSocketFactory::GetTypeId());
    if (s->Bind(InetSocketAddress(Ipv4Address::GetAny(), lport))) return -1;
    int id = add(host, s);
    watch(new Watched{host, (u)lport, ip, (u)port, PeekPointer(apps[id].socket)});
    return s->Connect(InetSocketAddress(Ipv4Address(ip), port)) ? -1 : id;
}

int host_write(int, int id, int n) {
    if (!apps[id].socket) return -99;
    return apps[id].socket->Send(Create<Packet>(n), 0) == n ? 0 : -1;
}
int host_room(int, int id) { return apps[id].socket ? (int)apps[id].socket->GetTxAvailable() : 0; }
int host_close(int, int id) { return apps[id].socket ? apps[id].socket->Close() : -99; }
int host_shutdown(int, int id) { return apps[id].socket ? apps[id].socket->ShutdownSend() : -99; }

void host_abort(int, int id) {
    Ptr<TcpSocketBase> s = apps[id].socket;
    apps[id].socket = nullptr;
    if (s) Open::reset(PeekPointer(s));
}

void host_hold(int, int id, int on) {
    apps[id].holds = on;
    drain(id);
}

/* The host starts anew. */
void host_forget(int host) {
    for (auto &a : apps) {
        if (a.second.host != host || !a.second.socket) continue;
        Open::forget(PeekPointer(a.second.socket));
        a.second.socket = nullptr;
    }
}
}
