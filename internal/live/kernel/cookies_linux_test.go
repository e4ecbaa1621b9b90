package kernel

import "testing"

func TestCookiesIn(t *testing.T) {
	for text, want := range map[string]Cookies{
		"TcpExt: SyncookiesSent SyncookiesRecv SyncookiesFailed EmbryonicRsts\nTcpExt: 5 3 1 9\nIpExt: InNoRoutes\nIpExt: 7\n": {5, 3, 1},
		"IpExt: SyncookiesSent\nIpExt: 7\n":                      {},
		"TcpExt: A SyncookiesSent SyncookiesRecv\nTcpExt: 1 2\n": {Sent: 2},
		"TcpExt: A SyncookiesSent\n":                             {},
		"":                                                       {},
	} {
		if got := cookiesIn(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
	if got := (Cookies{5, 3, 0}).since(Cookies{4, 3, 2}); got != (Cookies{1, 0, 0}) {
		t.Errorf("%+v", got)
	}
}
