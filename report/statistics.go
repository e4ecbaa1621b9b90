package report

import (
	"reflect"
	"strconv"
	"time"

	"tcptrace/analyzer"
)

// Statistic is a number in endpoints.client.sent and endpoints.server.sent of a conversation record: what it
// is called, what it means, and what Ostermann's tcptrace calls it. SentRecord has a field for each, in this order.
type Statistic struct {
	Name      string
	Unit      Unit
	Text      string // what it is
	Ostermann string // his name for it in -l or -r; empty: he has none
	Differs   string // where his number differs, and why; empty: it does not
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
func offered(bit analyzer.SYNOptions) getter {
	return func(_ *analyzer.Conversation, s *analyzer.Sent) int64 {
		if s.Options&bit != 0 {
			return 1
		}
		return 0
	}
}

// rate is bytes in the time of the whole conversation.
func rate(get func(*analyzer.Sent) uint64) getter {
	return func(c *analyzer.Conversation, s *analyzer.Sent) int64 {
		if d := c.Duration(); d > 0 {
			return int64(float64(get(s)) / d.Seconds())
		}
		return 0
	}
}

func segmentAverage(_ *analyzer.Conversation, s *analyzer.Sent) int64 {
	if s.DataPackets == 0 {
		return 0
	}
	return int64(s.PayloadBytes / s.DataPackets)
}

func lossRatio(_ *analyzer.Conversation, s *analyzer.Sent) int64 {
	lost := s.Retransmitted() - min(s.Retransmitted(), s.SpuriousPackets)
	sent := max(s.DataPackets+s.SYNs+s.FINs, lost, 1)
	return int64(float64(lost) / float64(sent) * 1e9)
}

// always is how many of the first statistics are in a record even if they are 0.
const always = 5

// statistics are those of Statistics, in one list, each with its name as it stands in JSON.
var statistics, statisticNames = func() (list []Statistic, names []string) {
	for _, subject := range Statistics {
		for _, s := range subject.List {
			list = append(list, s)
			names = append(names, `,"`+s.Name+`":`)
		}
	}
	return list, names
}()

// known is how many of the statistics, from the first, are known of c.
func known(c *analyzer.Conversation) int {
	if c.Quick {
		return always
	}
	return len(statistics)
}

// sent appends the statistics of a side. What is 0 or not known is left out but for the first few.
func (e *encoder) sent(b []byte, c *analyzer.Conversation, side analyzer.Side) []byte {
	at := len(b)
	for i := range known(c) {
		s := &statistics[i]
		v := s.value(c, &c.Sent[side])
		if v == 0 && i >= always {
			continue
		}
		b = append(b, statisticNames[i]...)
		switch s.Unit {
		case Seconds, Ratio:
			b = appendSeconds(b, v)
		case Flag:
			b = append(b, "true"...)
		default:
			b = strconv.AppendUint(b, uint64(v), 10)
		}
	}
	b[at] = '{'
	return append(b, '}')
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
