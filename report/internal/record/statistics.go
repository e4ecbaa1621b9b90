package record

//go:generate go run ./generate

import (
	"slices"
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
