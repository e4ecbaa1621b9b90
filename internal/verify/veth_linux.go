package verify

import (
	"encoding/binary"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// vethPeer is VETH_INFO_PEER of linux/veth.h.
const vethPeer = 1

// addVeth makes a pair of devices that are joined: one in the namespace of this thread, its peer in another.
func addVeth(name, peer string, there *os.File) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return os.NewSyscallError("netlink", err)
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, vethRequest(name, peer, int(there.Fd())), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return os.NewSyscallError("netlink", err)
	}
	answer := make([]byte, 1<<12)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return os.NewSyscallError("netlink", err)
	}
	if n < unix.SizeofNlMsghdr+4 || binary.NativeEndian.Uint16(answer[4:]) != unix.NLMSG_ERROR {
		return fmt.Errorf("%s: an answer of another kind", name)
	}
	if code := int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])); code != 0 {
		return fmt.Errorf("a veth pair: %w", unix.Errno(-code))
	}
	return nil
}

// vethRequest is the message that asks for it (rtnetlink(7)).
func vethRequest(name, peer string, there int) []byte {
	far := make([]byte, unix.SizeofIfInfomsg)
	far = append(far, attribute(unix.IFLA_IFNAME, []byte(peer+"\x00"))...)
	far = append(far, attribute(unix.IFLA_NET_NS_FD, binary.NativeEndian.AppendUint32(nil, uint32(there)))...)
	info := append(attribute(unix.IFLA_INFO_KIND, []byte("veth")), attribute(unix.IFLA_INFO_DATA, attribute(vethPeer, far))...)
	b := make([]byte, unix.SizeofNlMsghdr+unix.SizeofIfInfomsg)
	b = append(b, attribute(unix.IFLA_IFNAME, []byte(name+"\x00"))...)
	b = append(b, attribute(unix.IFLA_LINKINFO, info)...)
	binary.NativeEndian.PutUint32(b, uint32(len(b)))
	binary.NativeEndian.PutUint16(b[4:], unix.RTM_NEWLINK)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	return b
}

// attribute is one of netlink, padded.
func attribute(kind uint16, value []byte) []byte {
	b := make([]byte, unix.SizeofNlAttr, unix.SizeofNlAttr+len(value)+unix.NLA_ALIGNTO)
	binary.NativeEndian.PutUint16(b, uint16(len(b)+len(value)))
	binary.NativeEndian.PutUint16(b[2:], kind)
	b = append(b, value...)
	for len(b)%unix.NLA_ALIGNTO != 0 {
		b = append(b, 0)
	}
	return b
}
