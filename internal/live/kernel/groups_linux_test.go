package kernel

import (
	"strings"
	"testing"
)

func TestInGroup(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	for name, want := range map[string]inGroup{
		"/docker/" + id:                                                             {container: id},
		"/system.slice/docker-" + id + ".scope":                                     {container: id},
		"/system.slice/docker-" + id + ".scope/init.scope":                          {container: id}, // systemd inside
		"/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + id + ".scope":       {container: id},
		"/kubepods/burstable/pod1-2/" + id:                                          {container: id},
		"/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" + id: {container: id},
		"/kubepods.slice/crio-" + id + ".scope":                                     {container: id},
		"/machine.slice/libpod-" + id + ".scope/container":                          {container: id},
		"/machine.slice/libpod-conmon-" + id + ".scope":                             {unit: "libpod-conmon-" + id + ".scope"},
		"/kubepods.slice/crio-conmon-" + id + ".scope":                              {unit: "crio-conmon-" + id + ".scope"},
		"/docker/" + id[1:]:                                                         {},
		"/docker/" + strings.ToUpper(id):                                            {},
		"/system.slice/nginx.service":                                               {unit: "nginx.service"},
		"/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope":       {unit: "app-x.scope"},
		"/user.slice": {},
		"":            {},
		"/":           {},
	} {
		if got := newInGroup(name); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}
