package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tcptrace/fsm"
)

func TestCountsIn(t *testing.T) {
	for text, want := range map[string]counts{
		"TcpExt: SyncookiesSent SyncookiesRecv SyncookiesFailed EmbryonicRsts\nTcpExt: 5 3 1 9\nIpExt: InNoRoutes\nIpExt: 7\n": {Cookies: Cookies{5, 3, 1}},
		"IpExt: ListenOverflows\nIpExt: 7\n":                                  {},
		"TcpExt: A SyncookiesSent SyncookiesRecv\nTcpExt: 1 2\n":              {Cookies: Cookies{Sent: 2}},
		"TcpExt: A SyncookiesSent\n":                                          {},
		"TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 2 4 9\n": {Cookies{Sent: 2}, 4, true},
		"TcpExt: SyncookiesSent ListenOverflows\nTcpExt: 2\n":                 {Cookies: Cookies{Sent: 2}},
		"": {},
	} {
		if got := countsIn(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
	if got := (Cookies{5, 3, 0}).since(Cookies{4, 3, 2}); got != (Cookies{1, 0, 0}) {
		t.Errorf("%+v", got)
	}
}

// TestOverflowsOf: of what a listening socket dropped no more was for want of room than its namespace counts; where that is not known its queue must be full.
func TestOverflowsOf(t *testing.T) {
	for _, c := range []struct {
		o              overflows
		queue, backlog uint32
		want           uint32
	}{
		{overflows{0, true}, 2, 1, 0}, // RSTs, or FINs
		{overflows{1, true}, 0, 9, 1}, // room has been made since
		{overflows{9, true}, 2, 1, 3},
		{overflows{9, false}, 1, 1, 0},
		{overflows{0, false}, 2, 1, 3},
	} {
		if got := c.o.of(&Listening{Queue: c.queue, Backlog: c.backlog}, 3); got != c.want {
			t.Errorf("%+v, %d of %d wait: %d, want %d", c.o, c.queue, c.backlog, got, c.want)
		}
	}
}

// counted has a watcher count by a file, in which text stands when it begins.
func counted(t *testing.T, text string) (w *Watcher, rewrite func(string)) {
	path := filepath.Join(t.TempDir(), "netstat")
	rewrite = func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rewrite(text)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	w = &Watcher{table: newTable(nothingLeft), namespaces: []*asker{{namespace: 1}}, poll: newPoll(), search: newSearch(nil), groups: newGroups()}
	w.count(&counters{f}, nil)
	return w, rewrite
}

// polled has the watcher take that a listening socket has dropped so much, and returns what it told of.
func polled(t *testing.T, w *Watcher, second int, drops uint32) (told uint32) {
	t.Helper()
	a := ask(nil, w.poll.count, nil, true)
	a.all = []listed{{1, start.Add(time.Duration(second) * time.Second), []Endpoint{
		{Key: at(1), State: fsm.Listen, holder: socket, Socket: true, Listening: &Listening{0, 9, drops}}}}}
	w.poll.next = time.Now().Add(time.Hour)
	w.poll.aside.start(time.Now(), 0, func() answers { return a })
	for w.poll.aside.busy {
		if err := w.Read(func(c Change) { told += c.Drops }); err != nil {
			t.Fatal(err)
		}
	}
	return told
}

const netstat = "TcpExt: SyncookiesSent ListenOverflows\nTcpExt: "

// TestOverflows: a listening socket tells of what it dropped when its namespace counts overflows in the same interval, and of nothing else.
func TestOverflows(t *testing.T) {
	w, rewrite := counted(t, netstat+"0 7\n")
	for second, c := range []struct {
		text        string
		drops, want uint32
	}{{netstat + "0 7\n", 2, 0}, {netstat + "0 7\n", 5, 0}, {netstat + "0 8\n", 8, 1}, {netstat + "0 8\n", 9, 1}, {netstat + "0 8\n", 10, 0}, {netstat + "0 8\n", 10, 0}} {
		if rewrite(c.text); second == 3 { // as if the overflow had been between the counters and the list that were read last
			w.counted.overflows--
		}
		if got := polled(t, w, second, c.drops); got != c.want {
			t.Errorf("second %d: %d, want %d", second, got, c.want)
		}
	}
}

// TestUncounted: counters that cannot be read end nothing; what was counted before stays, and what was counted before the first time is not new.
func TestUncounted(t *testing.T) {
	w, rewrite := counted(t, netstat+"5 0\n")
	for second, c := range []struct {
		text string
		want uint64
	}{{netstat + "6 0\n", 1}, {"", 0}, {netstat + "8 0\n", 2}} {
		rewrite(c.text)
		polled(t, w, second, 0)
		if got := w.Cookies(); got != (Cookies{Sent: c.want}) {
			t.Errorf("%q: %+v, want %d", c.text, got, c.want)
		}
	}
	_ = w.poll.count.file.Close()
	if polled(t, w, 4, 0); w.Cookies() != (Cookies{}) {
		t.Error("cookies of a closed file")
	}
	w, rewrite = counted(t, "")
	rewrite(netstat + "5 0\n")
	if polled(t, w, 0, 0); w.poll.count != nil || w.Cookies() != (Cookies{}) {
		t.Error("what was before the first time is new")
	}
	if w.count(nil, errors.ErrUnsupported); w.poll.count != nil {
		t.Error("counts without a file")
	}
}
