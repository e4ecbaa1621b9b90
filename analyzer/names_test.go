package analyzer_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/analyzer"
	"tcptrace/internal/testutil/scripts"
)

// named tells how the hosts of a script's conversations are called.
func named(t *testing.T, script string, o analyzer.Options) string {
	t.Helper()
	var k keep
	a := analyzer.New(o, &k)
	scripts.Feed(t, a, scripts.Frames(t, "# a story\nclient 10.0.0.1:40000\nserver 10.0.0.2:80\n"+script))
	if _, err := a.Close(); err != nil {
		t.Fatal(err)
	}
	var list []string
	for i := range k {
		c := &k[i]
		list = append(list, strings.Join(strings.Fields(fmt.Sprint(c.Names[analyzer.Client].Text, " ", c.Names[analyzer.Server].Text, " ", c.Names[analyzer.Server].Kind)), " "))
	}
	return strings.Join(list, "; ")
}

type keep []analyzer.Conversation

func (k *keep) Conversation(c *analyzer.Conversation) error {
	*k = append(*k, *c)
	return nil
}

const (
	nameOpens    = "+0 > S win 64240\n+10ms < S. win 65160\n+1ms > .\n"
	nameRequests = "+1ms > P. \"GET / HTTP/1.1\\r\\nHost: @.example\\r\\n\\r\\n\"\n"
)

func asks(host string) string { return strings.ReplaceAll(nameRequests, "@", host) }

// TestNames: which conversation a name goes to, and which of several counts.
func TestNames(t *testing.T) {
	hosts := func(a netip.Addr) string {
		return map[string]string{"10.0.0.1": "Me", "10.0.0.2": "\x1bYou"}[a.String()]
	}
	const again = "+1ms < F.\n+1ms > F.\n+1ms < .\n+100s > S 5000000:5000000(0) win 64240\n"
	for _, tt := range []struct {
		name, script string
		o            analyzer.Options
		want         string
	}{
		{"a request", nameOpens + asks("a"), analyzer.Options{}, "a.example http-host"},
		{"without a SYN", "+0 > . 1:1(0) ack 1\n" + asks("a"), analyzer.Options{}, "a.example http-host"},
		{"none", nameOpens, analyzer.Options{}, ""},
		{"not wanted", nameOpens + asks("a"), analyzer.Options{NoNames: true}, ""},
		{"quick", nameOpens + asks("a"), analyzer.Options{Quick: true}, "a.example http-host"},
		{"the user's", nameOpens + asks("a"), analyzer.Options{Hosts: hosts}, `me \x1byou hosts`},
		{"the user's only", nameOpens + asks("a"), analyzer.Options{Hosts: hosts, NoNames: true}, `me \x1byou hosts`},
		{"none of the user's", nameOpens + asks("a"), analyzer.Options{Hosts: func(netip.Addr) string { return "" }}, "a.example http-host"},
		{"the sockets again", nameOpens + asks("a") + again + "+10ms < S. 7000000:7000000(0) ack 5000001\n+1ms > . 5000001:5000001(0) ack 7000001\n",
			analyzer.Options{}, "a.example http-host; "},
	} {
		if got := named(t, tt.script, tt.o); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestNameOfHeld: a name that comes with a segment which is held goes where that goes.
func TestNameOfHeld(t *testing.T) {
	live := nameOpens + "+1ms > P. (10)\n+1ms < .\n"
	data := `+1s > S 5000000:5000033(33) win 64240 "GET / HTTP/1.1\r\nHost: b.example\r\n"` + "\n"
	for _, tt := range []struct{ name, script, want string }{
		{"it begins a conversation", live + data + "+10ms < S. 7000000:7000000(0) ack 5000034\n+1ms > . 5000034:5000034(0) ack 7000001\n", "; b.example http-host"},
		{"it begins none", live + data + "+10ms < . 1:1(0) ack 11\n+1ms > . 11:11(0) ack 1\n", ""},
	} {
		if got := named(t, tt.script, analyzer.Options{}); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestNameOfMonitor: a conversation that is followed while it happens has its name.
func TestNameOfMonitor(t *testing.T) {
	names := map[string]bool{}
	m := analyzer.NewMonitor(analyzer.Options{}, analyzer.Idle{}, func(e *analyzer.Event) {
		names[e.Conversation.Names[analyzer.Server].Text] = true
	})
	for _, f := range scripts.Frames(t, "# a story\nclient 10.0.0.1:40000\nserver 10.0.0.2:80\n"+nameOpens+asks("a")+"+1ms < R.\n") {
		m.Frame(layers.LinkType(f.Link), gopacket.CaptureInfo{Timestamp: time.Unix(0, f.Time), CaptureLength: len(f.Data), Length: f.WireLen}, f.Data)
		m.Flush(analyzer.Time(f.Time))
	}
	if !names["a.example"] {
		t.Errorf("the names are %v", names)
	}
}
