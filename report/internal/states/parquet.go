package states

import (
	"io"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/report/internal/columnar"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/record"
)

// WriteParquet writes a record a connection as a table of Apache Parquet.
func WriteParquet(w io.Writer, s *StatesAt) error {
	file, row := columnar.NewFile(w, columnar.States()), []byte(nil)
	for _, c := range s.Rows {
		r := newStateRecord(c, s.Time)
		row = columnar.Append(row[:0], columnar.States(), &r)
		if err := file.Add(row); err != nil {
			return err
		}
	}
	return file.Close()
}

// WriteSeriesParquet writes a record a sample as a table of Apache Parquet.
func WriteSeriesParquet(w io.Writer, s *StateSeries) error {
	file, row := columnar.NewFile(w, columnar.StateCounts()), []byte(nil)
	if err := s.each(func(at analyzer.Time, t *tally) error {
		r := record.StateCountsRecord{
			Schema: countsSchema, Time: record.Time(at), TimeS: output.FloatSeconds(at.Sub(s.Begin)), Connections: uint64(t.connections),
			Client: t.counts(&s.Filter, analyzer.Client), Server: t.counts(&s.Filter, analyzer.Server),
		}
		row = columnar.Append(row[:0], columnar.StateCounts(), &r)
		return file.Add(row)
	}); err != nil {
		return err
	}
	return file.Close()
}

// counts is how many endpoints of a side are in each of the states that are looked at; nil if the side is not.
func (t *tally) counts(f *StateFilter, side analyzer.Side) map[string]uint64 {
	if !f.looksAt(side) {
		return nil
	}
	counts := map[string]uint64{}
	for s := range fsm.NumStates {
		if f.shows(side, s) {
			counts[s.String()] = uint64(t.endpoints[side][s])
		}
	}
	return counts
}

// newStateRecord is the record of c at a time.
func newStateRecord(c *Connection, at analyzer.Time) record.StateRecord {
	socket := func(side analyzer.Side) record.Socket {
		return record.Socket{IP: c.Addr[side].Addr().String(), Port: c.Addr[side].Port()}
	}
	return record.StateRecord{
		Schema: stateSchema, At: record.Time(at), Stream: c.Stream, Client: socket(analyzer.Client), Server: socket(analyzer.Server),
		Roles: c.Roles.String(), CommunityID: output.CommunityID(c.Addr[analyzer.Client], c.Addr[analyzer.Server]), Start: record.Time(c.Start),
		Endpoints: record.StateEndpoints{Client: c.endpoint(analyzer.Client), Server: c.endpoint(analyzer.Server)},
	}
}

// endpoint is the record of one side.
func (c *Connection) endpoint(side analyzer.Side) record.StateEndpoint {
	m := &c.Moment[side]
	r := record.StateEndpoint{
		State: m.State.String(), Since: record.Time(m.Since), Frame: m.Frame,
		NotBefore: record.Time(m.NotBefore), NotAfter: record.Time(m.NotAfter), Unsettled: m.Unsettled,
	}
	if m.Since != 0 {
		r.Evidence = m.Evidence.String()
	}
	if n, known := c.bytes(side); known {
		r.InFlight = &n
	}
	if t := c.timer(side); t.Kind != analyzer.TimerNone {
		r.Timer = &record.TimerRecord{Kind: t.Kind.String(), Since: record.Time(t.Since), Until: record.Time(t.Until), Repeats: t.Repeats}
	}
	return r
}
