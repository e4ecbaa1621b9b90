package dimension

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
)

func conversation(client, server string, start analyzer.Time) *analyzer.Conversation {
	return &analyzer.Conversation{Addr: [2]netip.AddrPort{netip.MustParseAddrPort(client), netip.MustParseAddrPort(server)}, Start: start, Outcome: analyzer.Closed}
}

func valuesOf(t *testing.T, name string, c *analyzer.Conversation, j *analyzer.Judgment) (list []string) {
	t.Helper()
	d, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	var v Values
	d.Values(&v, c, j)
	for i := range v.Len() {
		list = append(list, string(v.At(i)))
	}
	return list
}

func TestValues(t *testing.T) {
	v4 := conversation("10.1.2.3:40000", "192.0.2.200:443", 1_772_443_807_123_456_789)
	v6 := conversation("[2001:db8:1:2:3::1]:40000", "[2001:db8:1:3::1]:80", 1_772_443_807_123_456_789)
	self := conversation("10.0.0.1:7", "10.0.0.1:7", 0)
	v6.Sent[analyzer.Server].TTLMin, v6.Sent[analyzer.Server].TTLMax = 57, 57
	self.Sent[analyzer.Server].TTLMin, self.Sent[analyzer.Server].TTLMax = 57, 58
	for _, test := range []struct {
		name string
		c    *analyzer.Conversation
		want string
	}{
		{"client", v4, "10.1.2.3"},
		{"server", v6, "2001:db8:1:3::1"},
		{"host", v4, "10.1.2.3|192.0.2.200"},
		{"host", self, "10.0.0.1"},
		{"port", v4, "443"},
		{"service", v4, "192.0.2.200:443"},
		{"service", v6, "[2001:db8:1:3::1]:80"},
		{"backend", v6, "[2001:db8:1:3::1]:80 with TTL 57"},
		{"backend", self, ""}, // several hosts
		{"backend", v4, ""},   // the server sent nothing
		{"pair", v4, "10.1.2.3 > 192.0.2.200"},
		{"network", v4, "10.1.2.0/24|192.0.2.0/24"},
		{"network", self, "10.0.0.0/24"},
		{"network", v6, "2001:db8:1:2::/64|2001:db8:1:3::/64"},
		{"network/16/48", v6, "2001:db8:1::/48"},
		{"network/48", v6, "2001:db8:1::/48"},
		{"network/32", v6, "2001:db8:1:2::/64|2001:db8:1:3::/64"},
		{"network/33", v4, "10.1.2.0/24|192.0.2.0/24"},
		{"client-network/16", v4, "10.1.0.0/16"},
		{"server-network/1", v4, "128.0.0.0/1"},
		{"server-network/32", v4, "192.0.2.200/32"},
		{"server-network/128", v6, "2001:db8:1:3::1/128"},
		{"outcome", v4, "closed"},
		{"minute", v4, "2026-03-02T09:30:00Z"},
		{"second", v4, "2026-03-02T09:30:07Z"},
		{"hour", v4, "2026-03-02T09:00:00Z"},
		{"day", v4, "2026-03-02T00:00:00Z"},
		{"10s", v4, "2026-03-02T09:30:00Z"},
		{"5s", v4, "2026-03-02T09:30:05Z"},
		{"100ms", v4, "2026-03-02T09:30:07.100000000Z"},
		{"1.5s", v4, "2026-03-02T09:30:06.000000000Z"},
		{"1ns", v4, "2026-03-02T09:30:07.123456789Z"},
		{"2500000h", v4, "1970-01-01T00:00:00Z"},
	} {
		if got := strings.Join(valuesOf(t, test.name, test.c, nil), "|"); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// TestName: the name is the server's.
func TestName(t *testing.T) {
	c := conversation("10.1.2.3:40000", "192.0.2.200:443", 0)
	c.Names[analyzer.Client].Text = "me"
	for _, want := range []string{"", "www.example.com"} {
		c.Names[analyzer.Server].Text = want
		if got := strings.Join(valuesOf(t, "name", c, nil), "|"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestOrigin: the tags of the first frame, from the outermost on, and its interface.
func TestOrigin(t *testing.T) {
	c := conversation("10.1.2.3:40000", "192.0.2.200:443", 0)
	for _, test := range []struct {
		vlan        [2]uint16
		named, want string
	}{
		{[2]uint16{}, "", "/"},
		{[2]uint16{4094}, "eth0", "4094/eth0"},
		{[2]uint16{100, 20}, "any", "100.20/any"},
	} {
		c.VLAN, c.Interface = test.vlan, test.named
		if got := valuesOf(t, "vlan", c, nil)[0] + "/" + valuesOf(t, "interface", c, nil)[0]; got != test.want {
			t.Errorf("%v, %q: %s, want %s", test.vlan, test.named, got, test.want)
		}
	}
}

// TestLimit: the factor of the side that spent more time on its transfers, and of one side that which took longest.
func TestLimit(t *testing.T) {
	c := conversation("10.1.2.3:40000", "192.0.2.200:443", 0)
	client, server := &c.Sent[analyzer.Client].Limits, &c.Sent[analyzer.Server].Limits
	for _, step := range []struct {
		add  func()
		want string
	}{
		{func() {}, ""},
		{func() { client[timing.Congestion] = 5 }, "congestion"},
		{func() { server[timing.ReceiveWindow] = 5 }, "congestion"},
		{func() { server[timing.ReceiveWindow] = 6 }, "receive-window"},
		{func() { server[timing.Application] = 7 }, "application"},
	} {
		step.add()
		if got := strings.Join(valuesOf(t, "limit", c, nil), "|"); got != step.want {
			t.Errorf("%v and %v: %q, want %q", *client, *server, got, step.want)
		}
	}
}

// TestJudgedValues: what a judgment says is a value, each once, and what it does not say is "".
func TestJudgedValues(t *testing.T) {
	got := map[string][]string{}
	collect := func(c *analyzer.Conversation, j *analyzer.Judgment) {
		for _, name := range []string{"cause", "anomaly", "failure"} {
			got[name] = append(got[name], strings.Join(valuesOf(t, name, c, j), "|"))
		}
	}
	analyze(t, "../../testdata/pcaps/refused.pcap", collect)
	analyze(t, "../../testdata/pcaps/close-client.pcap", collect)
	for name, want := range map[string][]string{
		"cause": {"refused", ""}, "anomaly": {"rst-in-handshake|connection-refused", ""}, "failure": {"refused", ""},
	} {
		if !slices.Equal(got[name], want) {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

// TestEachOnce holds in all goldens: a conversation is in no group twice, and in one at least.
func TestEachOnce(t *testing.T) {
	several := map[string]bool{}
	for _, file := range goldens(t) {
		analyze(t, file, func(c *analyzer.Conversation, j *analyzer.Judgment) {
			for _, name := range Names() {
				list := valuesOf(t, name, c, j)
				n := len(list)
				slices.Sort(list)
				if n == 0 || len(slices.Compact(list)) != n {
					t.Errorf("%s, stream %d: %s is %q", file, c.Stream, name, list)
				}
				several[name] = several[name] || n > 1
			}
		})
	}
	for _, name := range Names() {
		d, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		if d.Several != several[name] {
			t.Errorf("%s says that a conversation has several values: %t, but that is %t of the golden captures", name, d.Several, several[name])
		}
	}
}

func TestCompare(t *testing.T) {
	for name, order := range map[string][]string{
		"server":  {"9.0.0.1", "10.0.0.2", "10.0.0.10", "2001:db8::1", ""},
		"port":    {"80", "443", "8080", ""},
		"vlan":    {"9", "9.30", "9.200", "100", ""},
		"service": {"9.0.0.1:80", "10.0.0.2:80", "10.0.0.2:443", ""},
		"backend": {"9.0.0.1:80 with TTL 60", "9.0.0.1:443 with TTL 9", "9.0.0.1:443 with TTL 60", ""},
		"pair":    {"9.0.0.1 > 10.0.0.2", "10.0.0.1 > 9.0.0.2", "10.0.0.1 > 10.0.0.1"},
		"network": {"9.0.0.0/8", "10.0.0.0/8", "2001:db8::/32", ""},
		"anomaly": {"no-answer", "zero-window", ""},
		"minute":  {"2026-03-02T09:30:00Z", "2026-03-02T09:31:00Z"},
	} {
		d, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		got := slices.Clone(order)
		slices.Reverse(got)
		slices.SortFunc(got, d.Compare)
		if !slices.Equal(got, order) {
			t.Errorf("%s: %q, want %q", name, got, order)
		}
	}
}

func TestParse(t *testing.T) {
	for by, want := range map[string]string{
		"server": "server", "server,outcome": "server|outcome", " client , port,10s": "client|port|10s", "network/16,network/8": "network/16|network/8",
	} {
		list, err := Parse(by)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, d := range list {
			names = append(names, d.Name)
		}
		if got := strings.Join(names, "|"); got != want {
			t.Errorf("%q: %s, want %s", by, got, want)
		}
	}
	for by, want := range map[string]string{
		"":                     "a key is missing, such as server or server,outcome",
		"server,":              "a key is missing, such as server or server,outcome",
		"client,server,port,1": "at most 3 keys, not 4",
		"server,server":        "server is there twice",
		"sever":                `there is no key "sever"`,
		"network/0":            `network/0: the length of a prefix is a number from 1 to 128, not "0"`,
		"network/129":          `network/129: the length of a prefix is a number from 1 to 128, not "129"`,
		"network/x":            `network/x: the length of a prefix is a number from 1 to 128, not "x"`,
		"network/33/64":        "network/33/64: the first of two prefix lengths is for IPv4, at most 32, not 33",
		"network/24/129":       `network/24/129: the length of a prefix is a number from 1 to 128, not "129"`,
		"network/24/64/1":      `network/24/64/1: the length of a prefix is a number from 1 to 128, not "64/1"`,
		"10":                   `"10" is no duration, such as 10s, 5m or 1h30m`,
		"-1s":                  "a duration must be positive, not -1s",
		"0s":                   "a duration must be positive, not 0s",
		"3x":                   `"3x" is no duration, such as 10s, 5m or 1h30m`,
	} {
		_, err := Parse(by)
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", by, err, want)
		}
		var unknown *UnknownError
		if errors.As(err, &unknown) != (by == "sever") {
			t.Errorf("%q: an unknown name is told by its type: %v", by, err)
		}
	}
}

// TestNames: what people are told that there is is there.
func TestNames(t *testing.T) {
	for _, name := range Names() {
		if d, err := Find(name); err != nil || d.Name != name || d.Help == "" {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
}

// Stretches of time are those of a zone: days begin at its midnight, also where clocks are changed, and shorter ones where its clocks show them.
func TestZones(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip(err)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	for _, test := range []struct {
		by, start, want string
		zone            *time.Location
	}{
		{"day", "2026-03-02T04:59:59Z", "2026-03-01T05:00:00Z", newYork},
		{"day", "2026-03-02T05:00:00Z", "2026-03-02T05:00:00Z", newYork},
		{"day", "2026-03-08T05:30:00Z", "2026-03-08T05:00:00Z", newYork},
		{"day", "2026-03-09T03:30:00Z", "2026-03-08T05:00:00Z", newYork}, // clocks were set forward in the night
		{"day", "2026-03-09T04:00:00Z", "2026-03-09T04:00:00Z", newYork},
		{"6h", "2026-03-08T05:30:00Z", "2026-03-08T05:00:00Z", newYork}, // that night, before
		{"6h", "2026-03-08T09:59:59Z", "2026-03-08T05:00:00Z", newYork}, // and after
		{"6h", "2026-03-08T10:00:00Z", "2026-03-08T10:00:00Z", newYork},
		{"6h", "2026-11-01T10:59:59Z", "2026-11-01T04:00:00Z", newYork}, // clocks were set back
		{"6h", "2026-11-01T11:00:00Z", "2026-11-01T11:00:00Z", newYork},
		{"12h", "2026-03-08T15:59:59Z", "2026-03-08T05:00:00Z", newYork},
		{"hour", "2026-11-01T05:30:00Z", "2026-11-01T05:00:00Z", newYork}, // 01:30 for the first time
		{"hour", "2026-11-01T06:30:00Z", "2026-11-01T06:00:00Z", newYork}, // and once more
		{"2h", "2026-10-25T00:40:00Z", "2026-10-25T00:00:00Z", berlin},    // 02:40 for the first time: the second 02:00 is still to come
		{"2h", "2026-10-25T02:40:00Z", "2026-10-25T01:00:00Z", berlin},
		{"hour", "2026-03-02T09:29:59Z", "2026-03-02T08:30:00Z", time.FixedZone("IST", 19800)},
		{"hour", "2026-03-02T09:30:00Z", "2026-03-02T09:30:00Z", time.FixedZone("IST", 19800)},
		{"minute", "2026-03-02T09:30:07Z", "2026-03-02T09:30:00Z", newYork},
		{"day", "1969-12-31T23:00:00Z", "1969-12-31T00:00:00Z", time.UTC},
	} {
		d, err := Find(test.by)
		if err != nil {
			t.Fatal(err)
		}
		start, err := time.Parse(time.RFC3339, test.start)
		if err != nil {
			t.Fatal(err)
		}
		in := d.In(test.zone)
		var v Values
		in.Values(&v, &analyzer.Conversation{Start: analyzer.Time(start.UnixNano())}, nil)
		if got := string(v.At(0)); got != test.want {
			t.Errorf("%s of %s: %s, want %s", test.by, test.start, got, test.want)
		}
		if at, ok := in.Moment(test.want); !ok || at.Format(time.RFC3339) != test.want {
			t.Errorf("%s: %v", test.want, at)
		}
	}
	if d, _ := Find("server"); d.length != 0 {
		t.Error("an address is a time")
	}
}
