package states

import (
	"io"
	"strconv"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/report/internal/output"
)

// Schemas of the records of 'tcptrace states'.
const (
	stateSchema  = "tcptrace.state.v1"  // a connection at a moment
	statesSchema = "tcptrace.states.v1" // the document of all of them
)

// encoder writes records as JSON.
type encoder struct{ clock output.Clock }

// connection appends the record of c at time at. No string needs escaping.
func (e *encoder) connection(b []byte, c *Connection, at analyzer.Time) []byte {
	b = append(e.clock.Append(append(b, `{"schema":"`+stateSchema+`","at":"`...), at), '"')
	b = strconv.AppendUint(append(b, `,"stream":`...), c.Stream, 10)
	b = output.AppendSocket(append(b, `,"client":`...), c.Addr[analyzer.Client])
	b = output.AppendSocket(append(b, `,"server":`...), c.Addr[analyzer.Server])
	b = append(append(b, `,"roles":"`...), c.Roles.String()...)
	b = output.AppendCommunityID(append(b, `","community_id":"`...), c.Addr[analyzer.Client], c.Addr[analyzer.Server])
	b = e.clock.Append(append(b, `","start":"`...), c.Start)
	b = e.endpointAt(append(b, `","endpoints":{"client":`...), c, analyzer.Client)
	b = e.endpointAt(append(b, `,"server":`...), c, analyzer.Server)
	return append(b, '}', '}')
}

// endpointAt appends one side. What is not known is left out.
func (e *encoder) endpointAt(b []byte, c *Connection, side analyzer.Side) []byte {
	m := &c.Moment[side]
	b = append(append(append(b, `{"state":"`...), m.State.String()...), '"')
	if m.Since != 0 {
		b = e.clock.Append(append(b, `,"since":"`...), m.Since)
		b = append(append(append(b, `","evidence":"`...), m.Evidence.String()...), '"')
	}
	if m.Frame != 0 {
		b = strconv.AppendUint(append(b, `,"frame":`...), m.Frame, 10)
	}
	if m.NotBefore != 0 {
		b = append(e.clock.Append(append(b, `,"not_before":"`...), m.NotBefore), '"')
	}
	if m.NotAfter != 0 {
		b = append(e.clock.Append(append(b, `,"not_after":"`...), m.NotAfter), '"')
	}
	if m.Unsettled {
		b = append(b, `,"unsettled":true`...)
	}
	if n, known := c.bytes(side); known {
		b = strconv.AppendUint(append(b, `,"in_flight":`...), n, 10)
	}
	if t := c.timer(side); t.Kind != analyzer.TimerNone {
		b = append(append(append(b, `,"timer":{"kind":"`...), t.Kind.String()...), '"')
		if t.Since != 0 {
			b = append(e.clock.Append(append(b, `,"since":"`...), t.Since), '"')
		}
		if t.Until != 0 {
			b = append(e.clock.Append(append(b, `,"until":"`...), t.Until), '"')
		}
		if t.Repeats != 0 {
			b = strconv.AppendUint(append(b, `,"repeats":`...), uint64(t.Repeats), 10)
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

// WriteNDJSON writes a record a connection.
func WriteNDJSON(w io.Writer, s *StatesAt) error {
	out, e := output.NewBuffer(w), encoder{}
	for _, c := range s.Rows {
		out.B = append(e.connection(out.B, c, s.Time), '\n')
		if err := out.Spill(); err != nil {
			return err
		}
	}
	return out.Flush()
}

// WriteJSON writes one document, with counts at its end.
func WriteJSON(w io.Writer, s *StatesAt) error {
	out, e := output.NewBuffer(w), encoder{}
	b := e.clock.Append(append(out.B, `{"schema":"`+statesSchema+`","at":"`...), s.Time)
	b = output.AppendSeconds(append(b, `","t_s":`...), int64(s.Time.Sub(s.Begin)))
	b = e.clock.Append(append(b, `,"begin":"`...), s.Begin)
	b = e.clock.Append(append(b, `","end":"`...), s.End)
	out.B = append(b, `","connections":[`...)
	for i, c := range s.Rows {
		if i > 0 {
			out.B = append(out.B, ',')
		}
		out.B = e.connection(append(out.B, '\n'), c, s.Time)
		if err := out.Spill(); err != nil {
			return err
		}
	}
	out.B = append(s.total.appendJSON(append(out.B, "\n],\n\"counts\":{"...), &s.Filter), "}}\n"...)
	return out.Flush()
}

// appendJSON appends the members of an object: how many connections there are, and for each side that is
// looked at how many endpoints are in each of the states that are, also where there are none.
func (t *tally) appendJSON(b []byte, f *StateFilter) []byte {
	b = strconv.AppendInt(append(b, `"connections":`...), int64(t.connections), 10)
	for side := range t.endpoints {
		if !f.looksAt(analyzer.Side(side)) {
			continue
		}
		b = append(append(append(b, `,"`...), analyzer.Side(side).String()...), `":{`...)
		first := true
		for s := range fsm.NumStates {
			if !f.shows(analyzer.Side(side), s) {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(append(append(b, '"'), s.String()...), `":`...)
			b = strconv.AppendInt(b, int64(t.endpoints[side][s]), 10)
		}
		b = append(b, '}')
	}
	return b
}

// statesCSVHeader names the columns. Each side has the same.
const statesCSVHeader = "at,stream,client_ip,client_port,server_ip,server_port,roles,start," +
	"client_state,client_since,client_evidence,client_unsettled,client_in_flight,client_timer,client_timer_since,client_timer_until,client_timer_repeats," +
	"server_state,server_since,server_evidence,server_unsettled,server_in_flight,server_timer,server_timer_since,server_timer_until,server_timer_repeats,community_id\n"

// WriteCSV writes a row a connection, by RFC 4180 with lines ended by LF. What is not known, or does not apply, is empty.
func WriteCSV(w io.Writer, s *StatesAt) error {
	out, k := output.NewBuffer(w), output.Clock{}
	out.B = append(out.B, statesCSVHeader...)
	for _, c := range s.Rows {
		b := output.AppendCSVCount(k.Append(out.B, s.Time), c.Stream)
		b = output.AppendCSVSocket(output.AppendCSVSocket(b, c.Addr[analyzer.Client]), c.Addr[analyzer.Server])
		b = k.Append(append(output.AppendCSVText(b, c.Roles.String()), ','), c.Start)
		for side := range analyzer.Server + 1 {
			b = c.appendCSV(b, &k, side)
		}
		b = output.AppendCommunityID(append(b, ','), c.Addr[analyzer.Client], c.Addr[analyzer.Server])
		out.B = append(b, '\n')
		if err := out.Spill(); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (c *Connection) appendCSV(b []byte, k *output.Clock, side analyzer.Side) []byte {
	moment := func(t analyzer.Time) {
		if b = append(b, ','); t != 0 {
			b = k.Append(b, t)
		}
	}
	m, timer := &c.Moment[side], c.timer(side)
	b = output.AppendCSVText(b, m.State.String())
	moment(m.Since)
	evidence := ""
	if m.Since != 0 {
		evidence = m.Evidence.String()
	}
	b = output.AppendCSVText(b, evidence)
	b = append(strconv.AppendBool(append(b, ','), m.Unsettled), ',')
	if n, known := c.bytes(side); known {
		b = strconv.AppendUint(b, n, 10)
	}
	if timer.Kind == analyzer.TimerNone {
		return append(b, ",,,,"...)
	}
	b = output.AppendCSVText(b, timer.Kind.String())
	moment(timer.Since)
	moment(timer.Until)
	return output.AppendCSVCount(b, uint64(timer.Repeats))
}
