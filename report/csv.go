package report

import (
	"io"
	"net/netip"
	"strconv"

	"tcptrace/analyzer"
)

// csvHeader names the columns in the order in which Conversation writes them.
const csvHeader = "stream,client_ip,client_port,server_ip,server_port,roles,community_id,start,end,duration_s," +
	"first_frame,last_frame,packets,outcome,completeness,conn_state,history," +
	"client_packets,client_payload_bytes,client_ip_bytes,client_frame_bytes,client_stream_bytes," +
	"server_packets,server_payload_bytes,server_ip_bytes,server_frame_bytes,server_stream_bytes," +
	"evicted,client_state,server_state,anomalies,dropped\n"

// CSV writes a header and a row a conversation, by RFC 4180 but with lines ended by
// LF, as the tools that read CSV on a command line expect. The columns are the
// fields of the conversation record, of anomalies their ids with blanks between them. No
// value can hold a comma, a quote or a line end, so none is quoted.
type CSV struct {
	out      buffer
	clock    clock
	judgment analyzer.Judgment
}

// NewCSV returns a report that writes to w.
func NewCSV(w io.Writer) *CSV {
	r := &CSV{out: newBuffer(w)}
	r.out.b = append(r.out.b, csvHeader...)
	return r
}

// Conversation writes the row of c.
func (r *CSV) Conversation(c *analyzer.Conversation) error {
	r.judgment.Judge(c)
	client, server := c.Addr[analyzer.Client], c.Addr[analyzer.Server]
	b := strconv.AppendUint(r.out.b, c.Stream, 10)
	b = appendCSVSocket(b, client)
	b = appendCSVSocket(b, server)
	b = append(append(b, ','), c.Roles.String()...)
	b = appendCommunityID(append(b, ','), client, server)
	b = r.clock.append(append(b, ','), c.Start)
	b = r.clock.append(append(b, ','), c.End)
	b = appendSeconds(append(b, ','), int64(c.Duration()))
	b = appendCSVCount(b, c.FirstFrame)
	b = appendCSVCount(b, c.LastFrame)
	b = appendCSVCount(b, c.Packets())
	b = append(append(b, ','), c.Outcome.String()...)
	b = appendCSVCount(b, uint64(c.Completeness))
	b = append(append(b, ','), c.ConnState.String()...)
	b = c.History.Append(append(b, ','))
	for side := range c.Sent {
		s := &c.Sent[side]
		b = appendCSVCount(b, s.Packets)
		b = appendCSVCount(b, s.PayloadBytes)
		b = appendCSVCount(b, s.IPBytes)
		b = appendCSVCount(b, s.FrameBytes)
		b = appendCSVCount(b, s.StreamBytes)
	}
	b = strconv.AppendBool(append(b, ','), c.Evicted)
	for _, state := range r.judgment.State {
		b = append(append(b, ','), state.String()...)
	}
	b = append(b, ',')
	for i := range r.judgment.Anomalies {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, r.judgment.Anomalies[i].Kind.ID...)
	}
	r.out.b = append(appendCSVCount(b, c.Dropped), '\n')
	return r.out.spill()
}

// Finish writes what is still buffered. The format has no place for the summary:
// see [Notes].
func (r *CSV) Finish(*analyzer.Summary) error { return r.out.flush() }

func appendCSVSocket(b []byte, a netip.AddrPort) []byte {
	return appendCSVCount(a.Addr().AppendTo(append(b, ',')), uint64(a.Port()))
}

func appendCSVCount(b []byte, n uint64) []byte {
	return strconv.AppendUint(append(b, ','), n, 10)
}
