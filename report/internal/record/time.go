package record

import (
	"math"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
	"tcptrace/report/internal/output"
)

// TimeRecord is where the time of a conversation went, as [timing.Use] defines it, in seconds. Together they are its duration.
type TimeRecord struct {
	Opening float64 `json:"opening_s,omitempty" expr:"opening_s"`
	Network float64 `json:"network_s,omitempty" expr:"network_s"`
	Server  float64 `json:"server_thinking_s,omitempty" expr:"server_thinking_s"`
	Client  float64 `json:"client_thinking_s,omitempty" expr:"client_thinking_s"`
	Repair  float64 `json:"loss_repair_s,omitempty" expr:"loss_repair_s"`
	Window  float64 `json:"closed_window_s,omitempty" expr:"closed_window_s"`
	Idle    float64 `json:"idle_s,omitempty" expr:"idle_s"`
	Closing float64 `json:"closing_s,omitempty" expr:"closing_s"`
	Unknown float64 `json:"unknown_s,omitempty" expr:"unknown_s"`
}

func newTimeRecord(spent *timing.Spent) TimeRecord {
	s := func(u timing.Use) float64 { return output.FloatSeconds(spent[u]) }
	return TimeRecord{
		Opening: s(timing.Opening), Network: s(timing.Network), Server: s(timing.Server), Client: s(timing.Client), Repair: s(timing.Repair),
		Window: s(timing.Window), Idle: s(timing.Idle), Closing: s(timing.Closing), Unknown: s(timing.Unknown),
	}
}

// appendTime appends where the time went; nothing if there was none, or it is not known.
func appendTime(b []byte, spent *timing.Spent) []byte {
	head := `,"time":{"`
	for u, d := range spent {
		if d != 0 {
			b = append(append(append(b, head...), timing.Use(u).String()...), `":`...)
			b = output.AppendSeconds(b, int64(d))
			head = `,"`
		}
	}
	if head == `,"` {
		b = append(b, '}')
	}
	return b
}

// LimitRecord is what limited the transfers of the side that spent more time on them.
type LimitRecord struct {
	Sender   string  `json:"sender" expr:"sender"`
	Factor   string  `json:"factor" expr:"factor"`
	Share    float64 `json:"share" expr:"share"`           // of the time of its transfers, within a thousandth
	Transfer float64 `json:"transfer_s" expr:"transfer_s"` // that time
}

// thousandths is a share as output spells a time, in seconds.
func thousandths(share float64) time.Duration {
	return time.Duration(math.Round(share*1000)) * time.Millisecond
}

func newLimitRecord(c *analyzer.Conversation) LimitRecord {
	side, limits := c.Limit()
	f, share := limits.Most()
	if f == timing.NoFactor {
		return LimitRecord{}
	}
	return LimitRecord{
		Sender: side.String(), Factor: f.String(), Share: output.FloatSeconds(thousandths(share)), Transfer: output.FloatSeconds(limits.Total()),
	}
}

// appendLimit appends what limited the transfers; nothing if there were none.
func appendLimit(b []byte, c *analyzer.Conversation) []byte {
	side, limits := c.Limit()
	f, share := limits.Most()
	if f == timing.NoFactor {
		return b
	}
	b = append(append(append(b, `,"limit":{"sender":"`...), side.String()...), `","factor":"`...)
	b = output.AppendSeconds(append(append(b, f.String()...), `","share":`...), int64(thousandths(share)))
	return append(output.AppendSeconds(append(b, `,"transfer_s":`...), int64(limits.Total())), '}')
}
