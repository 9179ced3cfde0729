package management

import (
	"context"
	"fmt"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// ProxyMVPDSpec is what a person says of a proxy MVPD.
type ProxyMVPDSpec struct {
	// Name is the id when left out.
	Name string `json:"name,omitempty"`
}

var proxyMVPDs = kind[roster.ProxyMVPD, ProxyMVPDSpec, ProxyMVPD]{
	word: "proxy_mvpd",
	show: access.ShowProxyMVPD, create: access.CreateProxyMVPD, update: access.UpdateProxyMVPD, remove: access.DeleteProxyMVPD,
	key: state.ProxyMVPDKey, name: func(id string) string { return id },
	staged: func(p *plan) staged[roster.ProxyMVPD] { return p.proxyMVPDs }, stored: (*state.Replica).ProxyMVPDs,
	declared: func(*Service, string) (roster.ProxyMVPD, bool) { return roster.ProxyMVPD{}, false },
	encode:   state.EncodeProxyMVPD,
	made:     func(id string) roster.ProxyMVPD { return roster.ProxyMVPD{ID: id} },
	story:    func(m *roster.ProxyMVPD) *roster.Story { return &m.Story },
	of:       func(roster.ProxyMVPD) access.Resource { return access.Resource{} },
	fill: func(_ *plan, old roster.ProxyMVPD, spec ProxyMVPDSpec) (roster.ProxyMVPD, error) {
		m := roster.ProxyMVPD{ID: old.ID, Name: spec.Name}
		return m, normalized(m.Normalize())
	},
	view: func(_ *Service, m roster.ProxyMVPD, version string) ProxyMVPD {
		return ProxyMVPD{ID: m.ID, Name: m.Name, Story: storyView(m.Story, version)}
	},
	free: func(p *plan, record roster.ProxyMVPD) error {
		if a := p.living(func(a *application.Application) bool { return a.Proxies(record.ID) }); a != nil {
			return inUse("proxy_mvpd", record.ID, fmt.Sprintf("application %s acts for it", a.ID), "revoke its applications first")
		}
		return nil
	},
}

// CreateProxyMVPD makes a record of a proxy MVPD.
func (s *Service) CreateProxyMVPD(ctx context.Context, call Call, id string, spec ProxyMVPDSpec) (ProxyMVPD, error) {
	return proxyMVPDs.doCreate(ctx, s, call, id, spec)
}

// UpdateProxyMVPD changes the record of a proxy MVPD.
func (s *Service) UpdateProxyMVPD(ctx context.Context, call Call, id string, spec ProxyMVPDSpec) (ProxyMVPD, error) {
	return proxyMVPDs.doUpdate(ctx, s, call, id, spec)
}

// DeleteProxyMVPD deletes the record of a proxy MVPD for which no application
// acts that was not revoked.
func (s *Service) DeleteProxyMVPD(ctx context.Context, call Call, id string) error {
	return proxyMVPDs.doDelete(ctx, s, call, id)
}

// ProxyMVPD shows a proxy MVPD that is on record.
func (s *Service) ProxyMVPD(who access.Actor, id string) (ProxyMVPD, error) {
	return proxyMVPDs.doShow(s, who, id)
}

// ProxyMVPDs lists the proxy MVPDs, by id, with those that nothing but
// applications name.
func (s *Service) ProxyMVPDs(who access.Actor, part Part) (ProxyMVPDs, error) {
	if err := begin(who, access.ShowProxyMVPD); err != nil {
		return ProxyMVPDs{}, err
	}
	if err := s.certain("listing the proxy MVPDs"); err != nil {
		return ProxyMVPDs{}, err
	}
	all := map[string]ProxyMVPD{}
	s.eachApplication(func(a *application.Application) {
		for _, id := range a.ProxyMVPDs {
			all[id] = ProxyMVPD{ID: id, Name: id, Implied: true}
		}
	})
	for id, held := range s.Replica.ProxyMVPDs() {
		all[id] = proxyMVPDs.view(s, held.Record, held.Version())
	}
	list, cursor, err := cut(visible(all, func(ProxyMVPD) bool { return true }), func(m ProxyMVPD) []string { return []string{m.ID} }, part)
	return ProxyMVPDs{ProxyMVPDs: list, Cursor: cursor}, err
}
