package record

import (
	"strconv"
	"strings"

	"tcptrace/analyzer/host"
	"tcptrace/report/internal/output"
)

// ProcessRecord is the process that an endpoint belongs to, in a live analysis on its host.
type ProcessRecord struct {
	PID    uint32 `json:"pid" expr:"pid"`
	Name   string `json:"name" expr:"name"`               // as the kernel has it: 15 bytes at most
	User   uint32 `json:"user" expr:"user"`               // number of the socket's user
	Cgroup uint64 `json:"cgroup,omitempty" expr:"cgroup"` // number of its control group
	// Of its control group: the number of the container, or else the unit of systemd.
	Container string `json:"container,omitempty" expr:"container"`
	Unit      string `json:"unit,omitempty" expr:"unit"`
	Listens   bool   `json:"listens,omitempty" expr:"listens"` // it is known only to listen where the connection arrived
}

func newProcessRecord(end *host.End) ProcessRecord {
	if end == nil || end.Process.PID == 0 {
		return ProcessRecord{}
	}
	p := &end.Process
	return ProcessRecord{
		p.PID, strings.ToValidUTF8(p.Name, "\ufffd"), p.User, p.Cgroup, strings.ToValidUTF8(p.Container, "\ufffd"), strings.ToValidUTF8(p.Unit, "\ufffd"), p.Listens,
	}
}

// appendProcess appends the process of an end, if it is known, as a field.
func appendProcess(b []byte, end *host.End) []byte {
	if end == nil || end.Process.PID == 0 {
		return b
	}
	p := &end.Process
	b = strconv.AppendUint(append(b, `,"process":{"pid":`...), uint64(p.PID), 10)
	b = output.AppendString(append(b, `,"name":`...), p.Name)
	b = strconv.AppendUint(append(b, `,"user":`...), uint64(p.User), 10)
	if p.Cgroup != 0 {
		b = strconv.AppendUint(append(b, `,"cgroup":`...), p.Cgroup, 10)
	}
	if p.Container != "" {
		b = output.AppendString(append(b, `,"container":`...), p.Container)
	}
	if p.Unit != "" {
		b = output.AppendString(append(b, `,"unit":`...), p.Unit)
	}
	if p.Listens {
		b = append(b, `,"listens":true`...)
	}
	return append(b, '}')
}
