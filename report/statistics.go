package report

import (
	"reflect"
	"time"

	"tcptrace/analyzer"
)

// Statistic is a number in endpoints.client.sent and endpoints.server.sent of a conversation record: what it
// is called, what it means, and what Ostermann's tcptrace calls it. SentRecord has a field for each, in this order.
type Statistic struct {
	Name      string
	Unit      Unit
	Text      string // what it is
	Ostermann string // its name there, in -l or -r; empty: it has none
	Differs   string // where that number differs, and why; empty: it does not
	value     func(*analyzer.Conversation, *analyzer.Sent) int64
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
	sent := max(s.DataPackets+s.SYNs+s.FINs+s.LostBefore, s.Lost, 1)
	return time.Duration(float64(s.Lost) / float64(sent) * 1e9)
}

// always is how many of the first statistics are in a record even if they are 0.
const always = 5

// statistics are those of Statistics, in one list.
var statistics = func() (list []Statistic) {
	for _, subject := range Statistics {
		list = append(list, subject.List...)
	}
	return list
}()

// known is how many of the statistics, from the first, are known of c.
func known(c *analyzer.Conversation) int {
	if c.Quick {
		return always
	}
	return len(statistics)
}

// set makes r what the side sent.
func (r *SentRecord) set(c *analyzer.Conversation, side analyzer.Side) {
	fields := reflect.ValueOf(r).Elem()
	for i := range known(c) {
		s := &statistics[i]
		v := s.value(c, &c.Sent[side])
		switch f := fields.Field(i); s.Unit {
		case Seconds, Ratio:
			f.SetFloat(floatSeconds(time.Duration(v)))
		case Flag:
			f.SetBool(v != 0)
		default:
			f.SetUint(uint64(v))
		}
	}
}
