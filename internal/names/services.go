package names

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"strconv"
)

// ServicesFile is where systems have the names of ports (services(5)).
const ServicesFile = "/etc/services"

// maxServicesFile bounds how much of it is read: IANA's whole list is a third of that.
const maxServicesFile = 4 << 20

// common are names of IANA's list, for systems that have none of their own.
var common = map[uint16]string{
	7: "echo", 20: "ftp-data", 21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 43: "whois", 49: "tacacs", 53: "domain", 70: "gopher", 79: "finger", 80: "http",
	88: "kerberos", 110: "pop3", 111: "sunrpc", 119: "nntp", 135: "epmap", 139: "netbios-ssn", 143: "imap2", 179: "bgp", 389: "ldap", 443: "https",
	445: "microsoft-ds", 464: "kpasswd", 465: "submissions", 514: "shell", 515: "printer", 548: "afpovertcp", 554: "rtsp", 587: "submission", 631: "ipp", 636: "ldaps",
	853: "domain-s", 873: "rsync", 989: "ftps-data", 990: "ftps", 993: "imaps", 995: "pop3s", 1080: "socks", 1194: "openvpn", 1433: "ms-sql-s", 1723: "pptp",
	1883: "mqtt", 2049: "nfs", 2379: "etcd-client", 2380: "etcd-server", 3260: "iscsi-target", 3268: "msft-gc", 3306: "mysql", 3389: "ms-wbt-server", 3690: "svn",
	4369: "epmd", 5060: "sip", 5061: "sip-tls", 5222: "xmpp-client", 5269: "xmpp-server", 5432: "postgresql", 5671: "amqps", 5672: "amqp", 5900: "rfb",
	5985: "wsman", 5986: "wsmans", 6379: "redis", 8080: "http-alt", 8443: "pcsync-https", 8883: "secure-mqtt", 9100: "pdl-datastream", 9418: "git",
	11211: "memcache", 27017: "mongodb",
}

// Services gives the name of the service that a TCP port is meant for, "" if none is known: as the file at path has it (services(5)), or
// else as IANA does. A file that cannot be read has no names. The function may be called by several goroutines.
func Services(path string) func(port uint16) string {
	var system map[uint16]string
	if file, err := os.Open(path); err == nil {
		defer file.Close()
		system = readServices(io.LimitReader(file, maxServicesFile))
	}
	return func(port uint16) string {
		if name := system[port]; name != "" {
			return name
		}
		return common[port]
	}
}

// readServices reads lines such as "https 443/tcp # HTTP over TLS". Of several names for a port the first counts.
func readServices(r io.Reader) map[uint16]string {
	services := map[uint16]string{}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		line, _, _ := bytes.Cut(lines.Bytes(), []byte{'#'})
		fields := bytes.Fields(line)
		if len(fields) < 2 {
			continue
		}
		number, protocol, _ := bytes.Cut(fields[1], []byte{'/'})
		port, err := strconv.ParseUint(string(number), 10, 16)
		if err != nil || string(protocol) != "tcp" || services[uint16(port)] != "" {
			continue
		}
		services[uint16(port)] = Clean(fields[0])
	}
	return services
}

// Services gives names of services as [Services] does; nil where no names are to be shown.
func (c *Choice) Services(path string) func(port uint16) string {
	if c.Off() {
		return nil
	}
	return Services(path)
}
