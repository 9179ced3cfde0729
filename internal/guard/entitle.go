package guard

import (
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// notEntitled is empty when the application may act for what is named.
//
// An application for all channels passes where a channel or a programmer ought
// to be named and is not. It does not pass for a programmer by another name
// than its own: whose channel a name is cannot be told from the application,
// and every channel of one programmer is not every programmer.
//
// A proxy MVPD is no channel, so all channels are no binding to one.
func notEntitled(a *application.Application, named *endpoint.Named) Reason {
	switch named.Names {
	case plugins.NamesChannel:
		if named.Missing && a.AllChannels || a.Serves(named.Value) {
			return ""
		}
		return ChannelNotAssigned
	case plugins.NamesProgrammer:
		if named.Missing && a.AllChannels || a.ActsFor(named.Value) {
			return ""
		}
		return ProgrammerNotAssigned
	case plugins.NamesProxyMVPD:
		if a.Proxies(named.Value) {
			return ""
		}
		return ProxyMVPDNotBound
	default:
		return ChannelNotAssigned
	}
}

// channels lists the different channels. Usually there is one, which costs
// nothing.
func channels(named []endpoint.Named) string {
	var list string
	for i := range named {
		value := named[i].Value
		if named[i].Names != plugins.NamesChannel || value == "" || listed(named[:i], value) {
			continue
		}
		if list == "" {
			list = value
			continue
		}
		list = strings.Join([]string{list, value}, ",")
	}
	return list
}

func listed(named []endpoint.Named, channel string) bool {
	for i := range named {
		if named[i].Names == plugins.NamesChannel && named[i].Value == channel {
			return true
		}
	}
	return false
}
