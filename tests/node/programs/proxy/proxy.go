// Package proxy is a SOCKS5 proxy (RFC 1928) behind mutual TLS, with the arguments of MathWorks' parallel server proxy,
// which cannot be downloaded where the tests run.
package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"
)

const (
	version     = 5
	connect     = 1
	addressIPv4 = 1
	addressName = 3
	addressIPv6 = 4
	succeeded   = 0
	refused     = 5
	dialTimeout = 10 * time.Second
)

// Run serves until it is killed.
func Run(arguments []string) error {
	flags := flag.NewFlagSet("parallel-server-proxy", flag.ContinueOnError)
	port := flags.Int("port", 0, "")
	certificate := flags.String("certificate", "", "")
	open := flags.Bool("disableMutualTLS", false, "")
	flags.Bool("verbose", false, "")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", ":"+strconv.Itoa(*port))
	if err != nil {
		return err
	}
	if !*open {
		config, err := mutual(*certificate)
		if err != nil {
			return err
		}
		listener = tls.NewListener(listener, config)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer connection.Close()
			if err := serve(connection); err != nil {
				fmt.Println(connection.RemoteAddr(), err)
			}
		}()
	}
}

// mutual reads certificate.json: the proxy's own certificate, and the authority that its clients' must come from.
func mutual(path string) (*tls.Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct{ ClientCert, ClientKey, ServerCert string }
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	own, err := tls.X509KeyPair([]byte(file.ClientCert), []byte(file.ClientKey))
	if err != nil {
		return nil, err
	}
	authority := x509.NewCertPool()
	if !authority.AppendCertsFromPEM([]byte(file.ServerCert)) {
		return nil, errors.New("serverCert holds no certificate")
	}
	return &tls.Config{Certificates: []tls.Certificate{own}, ClientCAs: authority, ClientAuth: tls.RequireAndVerifyClientCert}, nil
}

func serve(client net.Conn) error {
	head := make([]byte, 2)
	if _, err := io.ReadFull(client, head); err != nil {
		return err
	}
	if _, err := io.ReadFull(client, make([]byte, head[1])); err != nil {
		return err
	}
	if _, err := client.Write([]byte{version, 0}); err != nil {
		return err
	}
	target, err := requested(client)
	if err != nil {
		return err
	}
	server, err := net.DialTimeout("tcp", target, dialTimeout)
	if err != nil {
		_, _ = client.Write([]byte{version, refused, 0, addressIPv4, 0, 0, 0, 0, 0, 0})
		return err
	}
	defer server.Close()
	if _, err := client.Write([]byte{version, succeeded, 0, addressIPv4, 0, 0, 0, 0, 0, 0}); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.(*net.TCPConn).CloseWrite()
	}()
	_, err = io.Copy(client, server)
	return err
}

func requested(client io.Reader) (string, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(client, head); err != nil {
		return "", err
	}
	if head[0] != version || head[1] != connect {
		return "", fmt.Errorf("not a SOCKS5 connect: %v", head)
	}
	length := map[byte]int{addressIPv4: net.IPv4len, addressIPv6: net.IPv6len}[head[3]]
	if head[3] == addressName {
		size := make([]byte, 1)
		if _, err := io.ReadFull(client, size); err != nil {
			return "", err
		}
		length = int(size[0])
	}
	address := make([]byte, length+2)
	if _, err := io.ReadFull(client, address); err != nil {
		return "", err
	}
	host := string(address[:length])
	if head[3] != addressName {
		host = net.IP(address[:length]).String()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(address[length:])))), nil
}
