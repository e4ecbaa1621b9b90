package record

import (
	"strconv"
	"strings"

	"tcptrace/analyzer"
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

// ProcessSubject and ProcessTerms explain the fields of a ProcessRecord.
const ProcessSubject = "The process that an end on this host belongs to, in live: process is that of either end, endpoints.client.process and endpoints.server.process of each"

// ProcessTerms are in the order of the fields.
var ProcessTerms = []analyzer.Term{
	{Name: "process.pid", Text: "its number"},
	{Name: "process.name", Text: "its name, 15 bytes of it at most, as in --where 'process.name == \"nginx\"'; --by process adds up by it"},
	{Name: "process.user", Text: "the number of the user that the socket belongs to"},
	{Name: "process.cgroup", Text: "the number of its control group, which tells containers apart: the inode of the group's directory below /sys/fs/cgroup"},
	{Name: "process.container", Text: "the id of the container that it runs in, where the path of its control group has one: Docker, containerd, CRI-O, Podman"},
	{Name: "process.unit", Text: "the unit of systemd that it belongs to, outside containers"},
	{Name: "process.listens", Text: "it is known only to listen where the connection arrived: another one may have accepted it"},
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
