package report

import (
	"bytes"
	"encoding/json"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"tcptrace/analyzer"
)

// conversationRecords are the records of conversations as NDJSON has them.
func conversationRecords(t *testing.T, cs []analyzer.Conversation) []Record {
	t.Helper()
	var out bytes.Buffer
	write(t, NewNDJSON(&out), cs, &analyzer.Summary{})
	list := make([]Record, 0, len(cs))
	for line := range bytes.Lines(out.Bytes()) {
		var r Record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// keysOf are the values that a record has of a key, read from the record.
var keysOf = map[string]func(r *Record) []string{
	"server":  func(r *Record) []string { return []string{r.Server.IP} },
	"port":    func(r *Record) []string { return []string{strconv.Itoa(int(r.Server.Port))} },
	"outcome": func(r *Record) []string { return []string{r.Outcome} },
	"failure": func(r *Record) []string { return []string{r.Failure} },
	"cause":   func(r *Record) []string { return []string{r.Close.Cause} },
	"name":    func(r *Record) []string { return []string{r.Server.Name} },
	"limit":   func(r *Record) []string { return []string{r.Limit.Factor} },
	"minute":  func(r *Record) []string { return []string{r.Start.AsTime().Format("2006-01-02T15:04:00Z")} },
	"host":    func(r *Record) []string { return distinct(r.Client.IP, r.Server.IP) },
	"network": func(r *Record) []string { return distinct(networkOf(r.Client.IP), networkOf(r.Server.IP)) },
	"anomaly": func(r *Record) []string {
		ids := []string{}
		for _, a := range r.Anomalies {
			ids = append(ids, a.ID)
		}
		if len(ids) == 0 {
			return []string{""}
		}
		return distinct(ids...)
	},
}

func distinct(list ...string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

func networkOf(ip string) string {
	addr := netip.MustParseAddr(ip)
	bits := 64
	if addr.Is4() {
		bits = 24
	}
	return netip.PrefixFrom(addr, bits).Masked().String()
}

// groupsOf are the records by the values of their keys, each in all groups that it belongs to.
func groupsOf(records []Record, by []string) map[string][]*Record {
	groups := map[string][]*Record{}
	for i := range records {
		keys := []string{""}
		for _, name := range by {
			var longer []string
			for _, key := range keys {
				for _, value := range keysOf[name](&records[i]) {
					longer = append(longer, key+"|"+value)
				}
			}
			keys = longer
		}
		for _, key := range keys {
			groups[key] = append(groups[key], &records[i])
		}
	}
	return groups
}

// checkSum compares r with what the records add up to.
func checkSum(t *testing.T, key string, r *SumRecord, records []*Record) {
	t.Helper()
	want := SumRecord{Schema: "tcptrace.sum.v1", By: r.By}
	var sent, zeroWindow float64
	times := map[string][]float64{}
	anomalies := map[AnomalyRecord]uint64{}
	for _, c := range records {
		client, server := &c.Endpoints.Client.Sent, &c.Endpoints.Server.Sent
		want.Conversations++
		want.Packets += c.Packets
		want.ClientPayloadBytes += uint64(client.PayloadBytes)
		want.ServerPayloadBytes += uint64(server.PayloadBytes)
		if c.Failure != "" {
			want.Failures++
		}
		for _, side := range []*SentRecord{client, server} {
			of := float64(side.DataPackets + side.SYNPackets + side.FINPackets + side.LostBeforeTapPackets)
			lost := math.Round(side.LossRatio * max(of, 1))
			want.LostPackets, sent = want.LostPackets+uint64(lost), sent+of
			want.RetransmittedPackets += uint64(side.RetransmittedPackets)
			want.RetransmittedTimeoutPackets += uint64(side.RetransmittedTimeoutPackets)
			want.RetransmittedFastPackets += uint64(side.RetransmittedFastPackets)
			want.RetransmittedSACKPackets += uint64(side.RetransmittedSACKPackets)
			want.RetransmittedTailProbePackets += uint64(side.RetransmittedTailProbePackets)
			want.RetransmittedUnknownPackets += uint64(side.RetransmittedUnknownPackets)
			zeroWindow += side.ZeroWindowS
		}
		if client.HandshakeRTTS > 0 && server.HandshakeRTTS > 0 {
			times["handshake"] = append(times["handshake"], client.HandshakeRTTS+server.HandshakeRTTS)
		}
		if client.RTTP50S > 0 {
			times["client"] = append(times["client"], client.RTTP50S)
		}
		if server.RTTP50S > 0 {
			times["server"] = append(times["server"], server.RTTP50S)
		}
		if server.ThinkTurns > 0 {
			times["think"] = append(times["think"], max(server.ThinkS/float64(server.ThinkTurns), 1e-9))
		}
		if c.Close.Cause != "" {
			if want.ResetCauses == nil {
				want.ResetCauses = map[string]uint64{}
			}
			want.Resets++
			want.ResetCauses[c.Close.Cause]++
		}
		kinds := map[AnomalyRecord]bool{}
		for _, a := range c.Anomalies {
			kinds[AnomalyRecord{ID: a.ID, Severity: a.Severity}] = true
		}
		for a := range kinds {
			anomalies[a]++
		}
	}
	for a, n := range anomalies {
		severities := []string{"", "note", "warning", "error"}
		now, before := slices.Index(severities, a.Severity), slices.Index(severities, want.WorstAnomalySeverity)
		if now > before || now == before && (n > want.WorstAnomalyConversations || n == want.WorstAnomalyConversations && a.ID < want.WorstAnomaly) {
			want.WorstAnomaly, want.WorstAnomalySeverity, want.WorstAnomalyConversations = a.ID, a.Severity, n
		}
	}
	got := *r
	for _, near := range []struct {
		name      string
		got       *float64
		want      float64
		tolerance float64
	}{
		{"loss_ratio", &got.LossRatio, float64(want.LostPackets) / max(sent, 1), 1e-9},
		{"zero_window_s", &got.ZeroWindowS, zeroWindow, 1e-9},
		{"handshake_p50_s", &got.HandshakeP50S, quantile(times["handshake"], .5), 0},
		{"handshake_p90_s", &got.HandshakeP90S, quantile(times["handshake"], .9), 0},
		{"handshake_p99_s", &got.HandshakeP99S, quantile(times["handshake"], .99), 0},
		{"client_rtt_p50_s", &got.ClientRTTP50S, quantile(times["client"], .5), 0},
		{"client_rtt_p90_s", &got.ClientRTTP90S, quantile(times["client"], .9), 0},
		{"client_rtt_p99_s", &got.ClientRTTP99S, quantile(times["client"], .99), 0},
		{"server_rtt_p50_s", &got.ServerRTTP50S, quantile(times["server"], .5), 0},
		{"server_rtt_p90_s", &got.ServerRTTP90S, quantile(times["server"], .9), 0},
		{"server_rtt_p99_s", &got.ServerRTTP99S, quantile(times["server"], .99), 0},
		{"server_think_p50_s", &got.ServerThinkP50S, quantile(times["think"], .5), 0},
		{"server_think_p99_s", &got.ServerThinkP99S, quantile(times["think"], .99), 0},
	} {
		if math.Abs(*near.got-near.want) > near.tolerance+0.0101*near.want*boolean(near.tolerance == 0)+1e-9 {
			t.Errorf("%s: %s is %v, want %v", key, near.name, *near.got, near.want)
		}
		*near.got = 0
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n%+v, want\n%+v", key, got, want)
	}
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// quantile is the least value that a share of q of all values does not exceed, 0 of none.
func quantile(list []float64, q float64) float64 {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[int(math.Ceil(q*float64(len(list))-1e-9))-1]
}
