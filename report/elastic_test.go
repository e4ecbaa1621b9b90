package report

import (
	"bytes"
	"encoding/json"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/report/internal/sample"
)

// TestElastic: an action and a document by turns, and the names of the schema hold what the record does.
func TestElastic(t *testing.T) {
	cs := sample.Conversations()
	var out bytes.Buffer
	format, _ := Formats.Find("elastic")
	write(t, format.New(&out, TableOptions{}), cs, sample.Summary())
	lines := bytes.Split(bytes.TrimSuffix(out.Bytes(), []byte("\n")), []byte("\n"))
	if len(lines) != 2*len(cs) {
		t.Fatalf("%d lines for %d conversations", len(lines), len(cs))
	}
	type side struct {
		IP, Address, Domain string
		Port                uint16
		Bytes, Packets      uint64
	}
	outcomes := map[string]bool{}
	for i := range cs {
		var d struct {
			Timestamp Time `json:"@timestamp"`
			Event     struct {
				Outcome  string
				Duration int64
			}
			Network struct {
				Type           string
				CommunityID    string `json:"community_id"`
				Bytes, Packets uint64
				VLAN           struct{ ID string }
			}
			Source, Destination side
			TLS                 struct {
				Client struct {
					ServerName string `json:"server_name"`
				}
			}
			Tcptrace Record
		}
		if err := json.Unmarshal(lines[2*i+1], &d); err != nil || string(lines[2*i]) != `{"create":{}}` {
			t.Fatalf("%v: %s", err, lines[2*i])
		}
		r, c := &d.Tcptrace, &cs[i]
		if d.Source.IP != r.Client.IP || d.Source.Address != r.Client.IP || d.Source.Port != r.Client.Port || d.Source.Domain != r.Client.Name ||
			d.Destination.IP != r.Server.IP || d.Destination.Port != r.Server.Port || d.Destination.Domain != r.Server.Name {
			t.Errorf("%+v and %+v of %+v", d.Source, d.Destination, r)
		}
		if d.Timestamp != r.Start || d.Event.Duration != int64(c.Duration()) || d.Network.CommunityID != r.CommunityID || d.Network.Packets != r.Packets ||
			d.Network.Bytes != d.Source.Bytes+d.Destination.Bytes || d.Source.Bytes != c.Sent[analyzer.Client].IPBytes {
			t.Errorf("%+v, %+v of %+v", d.Event, d.Network, r)
		}
		if six := bytes.ContainsRune([]byte(r.Client.IP), ':'); six != (d.Network.Type == "ipv6") {
			t.Errorf("%s is %s", r.Client.IP, d.Network.Type)
		}
		if (r.Server.NameSource == "tls-sni") != (d.TLS.Client.ServerName != "") || (r.VLAN != 0) != (d.Network.VLAN.ID != "") {
			t.Errorf("%+v, %+v of %+v", d.TLS, d.Network.VLAN, r)
		}
		want := "success"
		if r.Failure != "" {
			want = "failure"
		} else if r.Outcome == "open" {
			want = "unknown"
		}
		if d.Event.Outcome != want {
			t.Errorf("%s of %q %q", d.Event.Outcome, r.Outcome, r.Failure)
		}
		outcomes[want] = true
	}
	if len(outcomes) < 2 {
		t.Errorf("only %v in the sample", outcomes)
	}
}
