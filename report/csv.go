package report

import (
	"io"
	"strconv"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/record"
)

// csvHeader names the columns in the order in which Conversation writes them.
var csvHeader = func() string {
	header := "stream,client_ip,client_port,server_ip,server_port,roles,community_id,start,end,duration_s," +
		"first_frame,last_frame,packets,outcome,completeness,conn_state,history"
	for side := range analyzer.Server + 1 {
		for _, s := range record.Always() {
			header += "," + side.String() + "_" + s.Name
		}
	}
	header += ",evicted,client_state,server_state,anomalies,dropped,client_name,server_name,server_name_source,alpn"
	for use := range timing.NumUses {
		header += "," + use.String()
	}
	return header + ",limit_sender,limit_factor,vlan,inner_vlan,interface,rtt_s,loss_ratio,retransmitted_packets,close_kind,ended_by,close_cause\n"
}()

// CSV writes a header and a row a conversation, by RFC 4180 but with lines ended by
// LF, as the tools that read CSV on a command line expect. The columns are the
// fields of the conversation record, of anomalies their ids with blanks between them. What is
// not known, or not there, is empty; what was measured and is 0 is 0. A cell that a spreadsheet would take for a formula begins with an apostrophe.
type CSV struct {
	out      output.Buffer
	enc      csvEncoder
	judgment analyzer.Judgment
}

// NewCSV returns a report that writes to w.
func NewCSV(w io.Writer) *CSV {
	r := &CSV{out: output.NewBuffer(w)}
	r.out.B = append(r.out.B, csvHeader...)
	return r
}

// Conversation writes the row of c.
func (r *CSV) Conversation(c *analyzer.Conversation) error {
	r.judgment.Judge(c)
	r.out.B = r.enc.unnumbered(output.AppendCount(r.out.B, c.Stream), c, &r.judgment)
	return r.out.Spill()
}

// NewUnnumbered is for [analyzer.Sink].
func (r *CSV) NewUnnumbered() func([]byte, *analyzer.Conversation, *analyzer.Judgment) []byte {
	return new(csvEncoder).unnumbered
}

// Numbered is for [analyzer.Sink].
func (r *CSV) Numbered(stream uint64, rest []byte) error {
	r.out.B = append(output.AppendCount(r.out.B, stream), rest...)
	return r.out.Spill()
}

// Finish writes what is still buffered. The format has no place for the summary:
// see [Notes].
func (r *CSV) Finish(*analyzer.Summary) error { return r.out.Flush() }

// csvEncoder writes rows of the usual columns.
type csvEncoder struct {
	clock output.Clock
	word  []byte // reused
}

// unnumbered appends what follows the number in the row of c.
func (e *csvEncoder) unnumbered(b []byte, c *analyzer.Conversation, j *analyzer.Judgment) []byte {
	b = e.described(b, c)
	always := record.Always()
	for side := range c.Sent {
		for i := range always {
			b = output.AppendCSVCount(b, uint64(always[i].Value(c, &c.Sent[side])))
		}
	}
	b = strconv.AppendBool(append(b, ','), c.Evicted)
	b = e.judged(b, j)
	b = appendContext(b, c)
	b = appendComputed(b, c, &j.Close)
	return append(b, '\n')
}

// described appends who talked and when, and how it went.
func (e *csvEncoder) described(b []byte, c *analyzer.Conversation) []byte {
	client, server := c.Addr[analyzer.Client], c.Addr[analyzer.Server]
	b = output.AppendCSVSocket(b, client)
	b = output.AppendCSVSocket(b, server)
	b = output.AppendCSVText(b, c.Roles.String())
	b = output.AppendCommunityID(append(b, ','), client, server)
	b = e.clock.Append(append(b, ','), c.Start)
	b = e.clock.Append(append(b, ','), c.End)
	b = output.AppendSeconds(append(b, ','), int64(c.Duration()))
	b = output.AppendCSVCount(b, c.FirstFrame)
	b = output.AppendCSVCount(b, c.LastFrame)
	b = output.AppendCSVCount(b, c.Packets())
	b = output.AppendCSVText(b, c.Outcome.String())
	b = output.AppendCSVCount(b, uint64(c.Completeness))
	b = output.AppendCSVText(b, c.ConnState.String())
	e.word = c.History.Append(e.word[:0])
	return output.AppendCSVText(b, e.word)
}

// judged appends the final states and the anomalies.
func (e *csvEncoder) judged(b []byte, j *analyzer.Judgment) []byte {
	for _, state := range j.State {
		b = output.AppendCSVText(b, state.String())
	}
	e.word = e.word[:0]
	for i := range j.Anomalies {
		if i > 0 {
			e.word = append(e.word, ' ')
		}
		e.word = append(e.word, j.Anomalies[i].Kind.ID...)
	}
	return output.AppendCSVText(b, e.word)
}

// appendContext appends packets that were dropped, names, where the time went, and the networks that the conversation came through.
func appendContext(b []byte, c *analyzer.Conversation) []byte {
	b = output.AppendCSVCount(b, c.Dropped)
	b = output.AppendCSVText(b, c.Names[analyzer.Client].Text)
	b = output.AppendCSVText(b, c.Names[analyzer.Server].Text)
	b = output.AppendCSVText(b, c.Names[analyzer.Server].Kind.String())
	b = output.AppendCSVText(b, c.ALPN)
	for _, d := range c.Spent {
		if b = append(b, ','); !c.Quick {
			b = output.AppendSeconds(b, int64(d))
		}
	}
	side, limits := c.Limit()
	if f, _ := limits.Most(); f != timing.NoFactor {
		b = output.AppendCSVText(output.AppendCSVText(b, side.String()), f.String())
	} else {
		b = append(b, ",,"...)
	}
	for _, id := range c.VLAN {
		if b = append(b, ','); id != 0 {
			b = output.AppendCount(b, uint64(id))
		}
	}
	return output.AppendCSVText(b, c.Interface)
}

// appendComputed appends the fields that no record has, and how the conversation closed.
func appendComputed(b []byte, c *analyzer.Conversation, closed *analyzer.Close) []byte {
	b = appendValue(b, roundTrip(c))
	b = appendValue(b, lossRatio(c))
	if v := retransmitted(c); v.known {
		b = output.AppendCSVCount(b, uint64(v.n))
	} else {
		b = append(b, ',')
	}
	if closed.Kind == analyzer.CloseNone {
		b = append(b, ',')
	} else {
		b = output.AppendCSVText(b, closed.Kind.String())
	}
	b = output.AppendCSVText(b, endedBy(closed))
	return output.AppendCSVText(b, causeOf(closed))
}

func appendValue(b []byte, v fieldValue) []byte {
	if b = append(b, ','); v.known {
		b = output.AppendSeconds(b, v.ns())
	}
	return b
}
