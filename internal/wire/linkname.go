package wire

import "strconv"

// linkNames are the names that libpcap has for link types, without DLT_ (https://www.tcpdump.org/linktypes.html).
var linkNames = map[LinkType]string{
	LinkNull: "NULL", LinkEthernet: "EN10MB", 3: "AX25", LinkTokenRing: "IEEE802", 7: "ARCNET", 8: "SLIP", LinkPPP: "PPP",
	LinkFDDI: "FDDI", 11: "ATM_RFC1483", LinkRawBSD: "RAW", LinkRawOpenBSD: "RAW", LinkPPPHDLC: "PPP_SERIAL", linkPPPoE: "PPP_ETHER",
	99: "SYMANTEC_FIREWALL", 100: "ATM_RFC1483", LinkRaw: "RAW", linkCiscoHDLC: "C_HDLC", linkWLAN: "IEEE802_11", 107: "FRELAY",
	LinkLoop: "LOOP", 109: "ENC", LinkLinuxSLL: "LINUX_SLL", 114: "LTALK", 115: "ECONET", linkPFLog: "PFLOG", linkPrism: "PRISM_HEADER",
	122: "IP_OVER_FC", 123: "SUNATM", linkRadiotap: "IEEE802_11_RADIO", 129: "ARCNET_LINUX", 135: "JUNIPER_ATM2",
	136: "JUNIPER_ES", 138: "APPLE_IP_OVER_IEEE1394", 139: "MTP2_WITH_PHDR", 140: "MTP2", 141: "MTP3", 142: "SCCP", 143: "DOCSIS", 144: "LINUX_IRDA",
	147: "USER0", 148: "USER1", 149: "USER2", 150: "USER3", 151: "USER4", 152: "USER5", 153: "USER6", 154: "USER7",
	155: "USER8", 156: "USER9", 157: "USER10", 158: "USER11", 159: "USER12", 160: "USER13", 161: "USER14", 162: "USER15",
	163: "IEEE802_11_RADIO_AVS", 165: "BACNET_MS_TP", 166: "PPP_PPPD", 169: "GPRS_LLC", 177: "LINUX_LAPD", 178: "JUNIPER_ETHER",
	187: "BLUETOOTH_HCI_H4", 189: "USB_LINUX", 192: "PPI", 195: "IEEE802_15_4_WITHFCS", LinkERF: "ERF", 201: "BLUETOOTH_HCI_H4_WITH_PHDR",
	linkPPPDir: "PPP_WITH_DIR", linkCiscoDir: "C_HDLC_WITH_DIR", 209: "IPMB_LINUX", 215: "IEEE802_15_4_NONASK_PHY", 220: "USB_LINUX_MMAPPED",
	224: "FC_2", 225: "FC_2_WITH_FRAME_DELIMS", LinkIPNET: "IPNET", 227: "CAN_SOCKETCAN", LinkIPv4: "IPV4", LinkIPv6: "IPV6",
	230: "IEEE802_15_4_NOFCS", 231: "DBUS", 235: "DVB_CI", 236: "MUX27010", 237: "STANAG_5066_D_PDU", linkNFLog: "NFLOG",
	240: "NETANALYZER", 241: "NETANALYZER_TRANSPARENT", LinkIPoIB: "IPOIB", 243: "MPEG_2_TS", 245: "NFC_LLCP", 247: "INFINIBAND", 248: "SCTP",
	249: "USBPCAP", 251: "BLUETOOTH_LE_LL", 252: "WIRESHARK_UPPER_PDU", 253: "NETLINK", 254: "BLUETOOTH_LINUX_MONITOR", 256: "BLUETOOTH_LE_LL_WITH_PHDR",
	linkPKTAP: "PKTAP", 259: "EPON", 265: "SDLC", 271: "VSOCK", 274: "ETHERNET_MPACKET", LinkLinuxSLL2: "LINUX_SLL2", 283: "IEEE802_15_4_TAP",
}

// String is the name of the link type and its number.
func (l LinkType) String() string {
	n := strconv.Itoa(int(l))
	if name := linkNames[l]; name != "" {
		return name + " (" + n + ")"
	}
	return n
}
