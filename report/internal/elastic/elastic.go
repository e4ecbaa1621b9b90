// Package elastic writes conversations for Elasticsearch, with the names of the Elastic Common Schema.
//
// Not its job: what a conversation record holds (package record).
package elastic

import (
	"io"
	"strconv"

	"tcptrace/analyzer"
	"tcptrace/internal/dimension"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/record"
)

// head precedes the time of each document in what the _bulk API takes; the index stands in its address. 8.11.0 is the version of
// the Elastic Common Schema whose names are used.
const head = `{"create":{}}` + "\n" + `{"ecs":{"version":"8.11.0"},"@timestamp":"`

// Writer writes documents for Elasticsearch's _bulk API: an action and a document a conversation, each on a line. Names are those of the
// Elastic Common Schema; below tcptrace is the conversation record.
type Writer struct {
	out      output.Buffer
	enc      record.Encoder
	judgment analyzer.Judgment
}

// New returns a report that writes to w.
func New(w io.Writer) *Writer { return &Writer{out: output.NewBuffer(w)} }

// Conversation writes the document of c.
func (e *Writer) Conversation(c *analyzer.Conversation) error {
	j := &e.judgment
	j.Judge(c)
	b := e.enc.Clock.Append(append(e.out.B, head...), c.Start)
	b = e.event(append(b, '"'), c, j)
	b = network(b, c)
	b = side(append(b, `,"source":`...), c, analyzer.Client)
	b = side(append(b, `,"destination":`...), c, analyzer.Server)
	if c.Interface != "" {
		b = append(output.AppendString(append(b, `,"observer":{"ingress":{"interface":{"name":`...), c.Interface), "}}}"...)
	}
	if name := &c.Names[analyzer.Server]; name.Kind.String() == "tls-sni" {
		b = append(output.AppendString(append(b, `,"tls":{"client":{"server_name":`...), name.Text), "}}"...)
	}
	b = e.enc.Judged(append(b, `,"tcptrace":`...), c, j)
	e.out.B = append(b, "}\n"...)
	return e.out.Spill()
}

// Finish writes what is still buffered. The format has no place for the summary: see report.Notes.
func (e *Writer) Finish(*analyzer.Summary) error { return e.out.Flush() }

// event appends when it was and how it went: a failure if the conversation failed, unknown while it is open.
func (e *Writer) event(b []byte, c *analyzer.Conversation, j *analyzer.Judgment) []byte {
	b = append(b, `,"event":{"kind":"event","category":["network"],"type":["connection"],"dataset":"tcptrace.conversation","outcome":"`...)
	switch {
	case dimension.Failed(c, j) != dimension.NoFailure:
		b = append(b, "failure"...)
	case c.Outcome == analyzer.Open:
		b = append(b, "unknown"...)
	default:
		b = append(b, "success"...)
	}
	b = e.enc.Clock.Append(append(b, `","start":"`...), c.Start)
	b = e.enc.Clock.Append(append(b, `","end":"`...), c.End)
	b = strconv.AppendInt(append(b, `","duration":`...), int64(c.Duration()), 10) // ns
	return append(b, '}')
}

func network(b []byte, c *analyzer.Conversation) []byte {
	b = append(b, `,"network":{"transport":"tcp","type":"ipv`...)
	if addr := c.Addr[analyzer.Client].Addr(); addr.Is6() && !addr.Is4In6() {
		b = append(b, '6')
	} else {
		b = append(b, '4')
	}
	b = output.AppendCommunityID(append(b, `","community_id":"`...), c.Addr[analyzer.Client], c.Addr[analyzer.Server])
	b = strconv.AppendUint(append(b, `","bytes":`...), c.Sent[analyzer.Client].IPBytes+c.Sent[analyzer.Server].IPBytes, 10)
	b = strconv.AppendUint(append(b, `,"packets":`...), c.Packets(), 10)
	if c.VLAN[0] != 0 {
		b = append(strconv.AppendUint(append(b, `,"vlan":{"id":"`...), uint64(c.VLAN[0]), 10), `"}`...)
	}
	if c.VLAN[1] != 0 {
		b = append(strconv.AppendUint(append(b, `,"inner":{"vlan":{"id":"`...), uint64(c.VLAN[1]), 10), `"}}`...)
	}
	return append(b, '}')
}

// side appends an endpoint, with the bytes of the IP packets that it sent.
func side(b []byte, c *analyzer.Conversation, of analyzer.Side) []byte {
	addr, sent := c.Addr[of], &c.Sent[of]
	b = addr.Addr().AppendTo(append(b, `{"address":"`...))
	b = addr.Addr().AppendTo(append(b, `","ip":"`...))
	b = strconv.AppendUint(append(b, `","port":`...), uint64(addr.Port()), 10)
	if name := c.Names[of].Text; name != "" {
		b = output.AppendString(append(b, `,"domain":`...), name)
	}
	b = strconv.AppendUint(append(b, `,"bytes":`...), sent.IPBytes, 10)
	b = strconv.AppendUint(append(b, `,"packets":`...), sent.Packets, 10)
	return append(b, '}')
}
