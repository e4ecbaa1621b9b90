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
	return header + ",limit_sender,limit_factor,vlan,inner_vlan,interface\n"
}()

// CSV writes a header and a row a conversation, by RFC 4180 but with lines ended by
// LF, as the tools that read CSV on a command line expect. The columns are the
// fields of the conversation record, of anomalies their ids with blanks between them. A
// cell that a spreadsheet would take for a formula begins with an apostrophe.
type CSV struct {
	out      output.Buffer
	clock    output.Clock
	judgment analyzer.Judgment
	word     []byte // reused
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
	always := record.Always()
	client, server := c.Addr[analyzer.Client], c.Addr[analyzer.Server]
	b := strconv.AppendUint(r.out.B, c.Stream, 10)
	b = output.AppendCSVSocket(b, client)
	b = output.AppendCSVSocket(b, server)
	b = output.AppendCSVText(b, c.Roles.String())
	b = output.AppendCommunityID(append(b, ','), client, server)
	b = r.clock.Append(append(b, ','), c.Start)
	b = r.clock.Append(append(b, ','), c.End)
	b = output.AppendSeconds(append(b, ','), int64(c.Duration()))
	b = output.AppendCSVCount(b, c.FirstFrame)
	b = output.AppendCSVCount(b, c.LastFrame)
	b = output.AppendCSVCount(b, c.Packets())
	b = output.AppendCSVText(b, c.Outcome.String())
	b = output.AppendCSVCount(b, uint64(c.Completeness))
	b = output.AppendCSVText(b, c.ConnState.String())
	r.word = c.History.Append(r.word[:0])
	b = output.AppendCSVText(b, r.word)
	for side := range c.Sent {
		for i := range always {
			b = output.AppendCSVCount(b, uint64(always[i].Value(c, &c.Sent[side])))
		}
	}
	b = strconv.AppendBool(append(b, ','), c.Evicted)
	for _, state := range r.judgment.State {
		b = output.AppendCSVText(b, state.String())
	}
	r.word = r.word[:0]
	for i := range r.judgment.Anomalies {
		if i > 0 {
			r.word = append(r.word, ' ')
		}
		r.word = append(r.word, r.judgment.Anomalies[i].Kind.ID...)
	}
	b = output.AppendCSVText(b, r.word)
	b = output.AppendCSVCount(b, c.Dropped)
	b = output.AppendCSVText(b, c.Names[analyzer.Client].Text)
	b = output.AppendCSVText(b, c.Names[analyzer.Server].Text)
	b = output.AppendCSVText(b, c.Names[analyzer.Server].Kind.String())
	b = output.AppendCSVText(b, c.ALPN)
	for _, d := range c.Spent {
		b = output.AppendSeconds(append(b, ','), int64(d))
	}
	side, limits := c.Limit()
	if f, _ := limits.Most(); f != timing.NoFactor {
		b = output.AppendCSVText(output.AppendCSVText(b, side.String()), f.String())
	} else {
		b = append(b, ",,"...)
	}
	for _, id := range c.VLAN {
		b = output.AppendCSVCount(b, uint64(id))
	}
	b = output.AppendCSVText(b, c.Interface)
	r.out.B = append(b, '\n')
	return r.out.Spill()
}

// Finish writes what is still buffered. The format has no place for the summary:
// see [Notes].
func (r *CSV) Finish(*analyzer.Summary) error { return r.out.Flush() }
