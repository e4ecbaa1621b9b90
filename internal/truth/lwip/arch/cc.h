#include <stdio.h>
#include <stdlib.h>
#define LWIP_PLATFORM_DIAG(x) do {} while (0)
#define LWIP_PLATFORM_ASSERT(x) do { fprintf(stderr, "lwip: %s %s:%d\n", x, __FILE__, __LINE__); } while (0)
#define LWIP_TIMEVAL_PRIVATE 0
#include <sys/time.h>
