package record

//go:generate go run ./generate

import (
	"slices"
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/report/internal/output"
)

// Statistic is a number in endpoints.client.sent and endpoints.server.sent of a conversation record: what it
// is called, what it means, and what Ostermann's tcptrace calls it. SentRecord has a field for each.
type Statistic struct {
	Name      string
	Always    bool // in a record even if it is 0, and a column of CSV
	Unit      Unit
	Text      string // what it is
	Ostermann string // its name there, in -l or -r; empty: it has none
	Differs   string // where that number differs, and why; empty: it does not
	Value     func(*analyzer.Conversation, *analyzer.Sent) int64
}

// Unit says what a statistic counts.
type Unit uint8

// The units.
const (
	Packets Unit = iota
	Bytes
	Seconds        // a value counts ns
	BytesPerSecond // whole ones
	Ratio          // a value counts 10^-9
	Flag           // true, or left out
	Number
)

var unitNames = [...]string{
	Packets: "packets", Bytes: "bytes", Seconds: "seconds", BytesPerSecond: "bytes per second", Ratio: "ratio", Flag: "true or left out", Number: "number",
}

// String is the unit in words.
func (u Unit) String() string { return unitNames[u] }

type getter = func(*analyzer.Conversation, *analyzer.Sent) int64

func count[T uint8 | uint16 | uint32 | uint64](get func(*analyzer.Sent) T) getter {
	return func(_ *analyzer.Conversation, s *analyzer.Sent) int64 { return int64(get(s)) }
}

func span(get func(*analyzer.Sent) time.Duration) getter {
	return func(_ *analyzer.Conversation, s *analyzer.Sent) int64 { return int64(get(s)) }
}

// offered is a flag for an option of its SYN.
func offered(has func(analyzer.SYNOptions) bool) getter {
	return func(_ *analyzer.Conversation, s *analyzer.Sent) int64 {
		if has(s.Options) {
			return 1
		}
		return 0
	}
}

// rate is bytes in the time of the whole conversation.
func rate(get func(*analyzer.Sent) uint64) getter {
	return func(c *analyzer.Conversation, s *analyzer.Sent) int64 { return int64(perSecond(c, get(s))) }
}

func perSecond(c *analyzer.Conversation, bytes uint64) uint64 {
	if d := c.Duration(); d > 0 {
		return uint64(int64(float64(bytes) / d.Seconds()))
	}
	return 0
}

func segmentAverage(s *analyzer.Sent) uint64 {
	if s.DataPackets == 0 {
		return 0
	}
	return s.PayloadBytes / s.DataPackets
}

func lossRatio(s *analyzer.Sent) time.Duration {
	lost, sent := Losses(s)
	return time.Duration(float64(lost) / float64(max(sent, 1)) * 1e9)
}

// Find is the statistic of that name, nil if there is none.
func Find(name string) *Statistic {
	for i := range Statistics {
		for k := range Statistics[i].List {
			if s := &Statistics[i].List[k]; s.Name == name {
				return s
			}
		}
	}
	return nil
}

type ingredient struct {
	prefix string
	of     getter
}

// madeOf is what statistics are made of whose names begin so: where there is none of it, they are not known. Others are 0 then. The first that fits counts.
var madeOf = []ingredient{
	{"rtt_timestamp_", count(func(s *analyzer.Sent) uint64 { return s.TimestampRTT.Samples })},
	{"rtt_ambiguous_", count(func(s *analyzer.Sent) uint64 { return s.AmbiguousRTT.Samples })},
	{"rtt_full_", count(func(s *analyzer.Sent) uint64 { return s.FullRTT.Samples })},
	{"rtt_", count(func(s *analyzer.Sent) uint64 { return s.RTT.Samples })},
	{"handshake_rtt_s", span(func(s *analyzer.Sent) time.Duration { return s.HandshakeRTT })},
	{"segment_", count(func(s *analyzer.Sent) uint64 { return s.DataPackets })},
	{"data_time_s", count(func(s *analyzer.Sent) uint64 { return s.DataPackets })},
	{"in_flight_", count(func(s *analyzer.Sent) uint64 { return s.DataPackets })},
	{"throughput_", duration},
	{"goodput_", duration},
	{"idle_max_s", span(func(s *analyzer.Sent) time.Duration { return s.IdleMax })},
	{"retransmission_interval_", span(func(s *analyzer.Sent) time.Duration { return s.Interval.Max })},
	{"loss_ratio", func(_ *analyzer.Conversation, s *analyzer.Sent) int64 { _, sent := Losses(s); return int64(sent) }},
	{"reordering_max_s", count(func(s *analyzer.Sent) uint32 { return s.OutOfOrderPackets })},
	{"mss_bytes", count(func(s *analyzer.Sent) uint16 { return s.MSS })},
	{"window_shift", offered(analyzer.SYNOptions.WindowScale)},
	{"window_min_", windows},
	{"window_avg_", windows},
	{"window_max_", windows},
	{"ttl_", count(func(s *analyzer.Sent) uint8 { return s.TTLMax })},
	{"think_max_s", count(func(s *analyzer.Sent) uint32 { return s.Thinks })},
	{"awaited_max_s", span(func(s *analyzer.Sent) time.Duration { return s.AwaitedMax })},
}

func duration(c *analyzer.Conversation, _ *analyzer.Sent) int64 { return int64(c.Duration()) }

// windows is how many segments say what room there is.
func windows(_ *analyzer.Conversation, s *analyzer.Sent) int64 {
	return int64(s.Packets - min(s.RSTs, s.Packets))
}

// Known returns whether the statistic is known of what an endpoint sent, also where it is 0.
func (s *Statistic) Known() func(*analyzer.Conversation, *analyzer.Sent) bool {
	i := slices.IndexFunc(madeOf, func(m ingredient) bool {
		return strings.HasPrefix(s.Name, m.prefix) && !strings.HasSuffix(s.Name, "_samples")
	})
	return func(c *analyzer.Conversation, sent *analyzer.Sent) bool {
		switch {
		case s.Always:
			return true
		case c.Quick: // what needs every segment to be read is not known
			return s.Value(c, sent) != 0
		}
		return i < 0 || madeOf[i].of(c, sent) != 0
	}
}

// Always are the statistics that are in a record even if they are 0. They come first.
func Always() []Statistic {
	first := Statistics[0].List
	n := slices.IndexFunc(first, func(s Statistic) bool { return !s.Always })
	return first[:n]
}

// put appends name and n, unless n is 0.
func put(b []byte, name string, n uint64) []byte {
	if n != 0 {
		b = output.AppendCount(append(b, name...), n)
	}
	return b
}

// putTime appends name and d in seconds, unless d is 0.
func putTime(b []byte, name string, d time.Duration) []byte {
	if d != 0 {
		b = output.AppendSeconds(append(b, name...), int64(d))
	}
	return b
}

// putFlag appends name and true if set.
func putFlag(b []byte, name string, set bool) []byte {
	if set {
		b = append(append(b, name...), "true"...)
	}
	return b
}
