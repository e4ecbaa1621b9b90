#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_ARP 0
#define LWIP_ETHERNET 0
#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_ICMP 1
#define LWIP_RAW 0
#define LWIP_UDP 0
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8
#define TCP_LISTEN_BACKLOG 1
#define LWIP_TCP_KEEPALIVE 1
#define TCP_MSS 1460
#ifdef RICH
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 2
#define TCP_WND 100000
#define TCP_SND_BUF 100000
#define LWIP_TCP_TIMESTAMPS 1
#define LWIP_TCP_SACK_OUT 1
#else
#define TCP_WND (8*TCP_MSS)
#define TCP_SND_BUF (16*TCP_MSS)
#endif
#define TCP_SND_QUEUELEN 400
#define MEMP_NUM_TCP_SEG 400
#define TCP_OVERSIZE TCP_MSS
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1
#define LWIP_RAND() lab_rand()
#define SO_REUSE 1
unsigned lab_rand(void);
