package caddymodule

import (
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/doctor"
)

// surroundings are what a configuration says about its own safety beyond the
// gateway's options: who else is served where the gateway is.
type surroundings struct {
	allowHTTP bool
	// admin is the address of Caddy's admin endpoint; empty when it is off.
	admin string
	// unfiltered says that no log has the filter for secrets.
	unfiltered bool
	servers    []serverFacts
	files      []fileFacts
}

// serverFacts are what is known of one HTTP server: everything that shares a
// listener.
type serverFacts struct {
	listen []string
	// encrypted says that it speaks TLS.
	encrypted bool
	// issuer and guard say that it holds ours, issuerHosts for which hosts the
	// issuer answers; none stands for all.
	issuer, guard bool
	issuerHosts   []string
	// console says that it holds the console, and anonymous that nothing of
	// what it identifies people by stands in front of it. inFront is what does,
	// as far as the walk has come.
	console, anonymous bool
	inFront            map[string]bool
	// issuerAnywhere says that an issuer answers for every host.
	issuerAnywhere bool
	// guardHosts are the hosts of sites with a guard.
	guardHosts []string
	// guarded and open are the upstreams behind a guard and those behind none.
	guarded, open []string
	// metrics says that it serves Caddy's metrics, upstreams where it sends
	// requests.
	metrics   bool
	upstreams []string
	// redirects are the hosts whose requests it sends on to https, the empty
	// one being any; answers are the hosts for which it does something else.
	redirects, answers []string
}

// fileFacts are what is known of a file that the configuration names.
type fileFacts struct {
	option, path string
	// secret files are for the gateway's eyes; others only have to be its own.
	secret bool
	mode   fs.FileMode
}

// findings says what is unsafe, each in a sentence that tells what to do.
func (s *surroundings) findings() []string {
	var texts []string
	for _, u := range s.unsafe() {
		texts = append(texts, u.Says+": "+u.Do)
	}
	return texts
}

// unsafe says what is unsafe, by what a doctor calls it.
func (s *surroundings) unsafe() []doctor.Unsafe {
	var found []doctor.Unsafe
	if s.admin != "" && !onlyHere(s.admin) {
		found = append(found, doctor.Unsafe{
			Check: doctor.AdminEndpoint,
			Says:  fmt.Sprintf("Caddy's admin endpoint listens on %s, and whoever reaches it can issue and revoke everything", s.admin),
			Do:    "write `admin localhost:2019` or a Unix socket into the global options",
		})
	}
	for i := range s.servers {
		found = append(found, s.aboutServer(&s.servers[i])...)
	}
	for _, host := range s.redirected() {
		found = append(found, doctor.Unsafe{
			Check: doctor.ClearText,
			Says: fmt.Sprintf("requests to http://%s are redirected to https, so that a client which sends its secret in "+
				"clear text goes on doing so", host),
			Do: fmt.Sprintf("write `auto_https disable_redirects` into the global options, or a site http://%s that does not redirect", host),
		})
	}
	if s.unfiltered && slices.ContainsFunc(s.servers, func(server serverFacts) bool { return server.issuer || server.guard }) {
		found = append(found, doctor.Unsafe{
			Check: doctor.Logs,
			Says:  "no log has the filter dcr_secrets, and clients that send secrets and tokens in the query have them logged",
			Do:    "write `log { format filter { … } }` with it into the global options",
		})
	}
	for _, file := range s.files {
		if fault := file.fault(); fault != "" {
			found = append(found, doctor.Unsafe{
				Check: doctor.Files,
				Says:  fmt.Sprintf("%s: the file %s %s (mode %04o)", file.option, file.path, fault, file.mode.Perm()),
				Do:    "run chmod 600 on it, as the user that Caddy runs as",
			})
		}
	}
	return found
}

func (s *surroundings) aboutServer(server *serverFacts) []doctor.Unsafe {
	where := strings.Join(server.listen, " ")
	var found []doctor.Unsafe
	if server.anonymous {
		found = append(found, doctor.Unsafe{
			Check: doctor.Console,
			Says:  fmt.Sprintf("dcr_console on %s lets nobody in, since nothing in front of it says who somebody is", where),
			Do:    "write basic_auth, forward_auth or another authentication into its site",
		})
	}
	if server.console && !server.encrypted && !allHere(server.listen) {
		found = append(found, doctor.Unsafe{
			Check: doctor.Console,
			Says:  fmt.Sprintf("dcr_console is served in clear text on %s, where passwords can be read on the way", where),
			Do:    "serve it over https, or write `bind 127.0.0.1` into the site",
		})
	}
	if !server.issuer && !server.guard || allHere(server.listen) {
		return found
	}
	if server.issuer && !server.encrypted && s.allowHTTP {
		found = append(found, doctor.Unsafe{
			Check: doctor.ClearText,
			Says: fmt.Sprintf("allow_http: clients register and get tokens in clear text on %s, which is more than this "+
				"machine", where),
			Do: "leave allow_http out, or write `bind 127.0.0.1` into the site",
		})
	}
	if server.metrics {
		found = append(found, doctor.Unsafe{
			Check: doctor.Exposure,
			Says:  fmt.Sprintf("metrics are served on %s, where clients are", where),
			Do:    "give them a site of their own on the loopback",
		})
	}
	if s.admin != "" && slices.ContainsFunc(server.upstreams, func(upstream string) bool { return sameAddress(upstream, s.admin) }) {
		found = append(found, doctor.Unsafe{
			Check: doctor.Exposure,
			Says: fmt.Sprintf("requests are passed on from %s, where clients are, to Caddy's admin endpoint: "+
				"whoever gets through can issue and revoke everything", where),
			Do: "take that reverse_proxy out",
		})
	}
	return found
}

// redirected lists the issuer's hosts whose clear text somebody redirects.
func (s *surroundings) redirected() []string {
	var redirects, answers, hosts []string
	for _, server := range s.servers {
		if server.encrypted {
			hosts = append(hosts, server.issuerHosts...)
			continue
		}
		redirects = append(redirects, server.redirects...)
		answers = append(answers, server.answers...)
	}
	slices.Sort(hosts)
	return slices.DeleteFunc(slices.Compact(hosts), func(host string) bool {
		return slices.Contains(answers, host) || !slices.Contains(redirects, host) && !slices.Contains(redirects, "")
	})
}

// fault says what strangers on this machine can do with the file.
func (f fileFacts) fault() string {
	switch {
	case f.mode.Perm()&0o002 != 0:
		return "can be written by everybody on this machine"
	case f.secret && f.mode.Perm()&0o004 != 0:
		return "can be read by everybody on this machine"
	default:
		return ""
	}
}

func allHere(listen []string) bool {
	return len(listen) > 0 && !slices.ContainsFunc(listen, func(address string) bool { return !onlyHere(address) })
}

// onlyHere says whether only this machine reaches the network address. Unix
// sockets and inherited file descriptors count as such.
func onlyHere(address string) bool {
	network, host, _ := splitAddress(address)
	return !strings.HasPrefix(network, "tcp") && !strings.HasPrefix(network, "udp") || isLoopback(host)
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// sameAddress compares where an upstream and a listener are: all names of the
// loopback are one.
func sameAddress(upstream, listener string) bool {
	aNetwork, aHost, aPort := splitAddress(upstream)
	bNetwork, bHost, bPort := splitAddress(listener)
	everywhere := bHost == "" || bHost == "0.0.0.0" || bHost == "::"
	return aNetwork == bNetwork && aPort == bPort &&
		(aHost == bHost || isLoopback(aHost) && (everywhere || isLoopback(bHost)))
}
