package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// proxiesPage lists proxy MVPDs.
type proxiesPage struct {
	ProxyMVPDs  []management.ProxyMVPD
	First, Next string
	CanCreate   bool
}

func listProxyMVPDs(v *visit) error {
	list, err := v.Management.ProxyMVPDs(v.who, v.part())
	if err != nil {
		return err
	}
	data := proxiesPage{ProxyMVPDs: list.ProxyMVPDs, CanCreate: v.ever(access.CreateProxyMVPD)}
	data.First, data.Next = v.pages(list.Cursor)
	return v.show("proxymvpds", "Proxy MVPDs", data)
}

// proxyPage shows one proxy MVPD with the applications that act for it.
type proxyPage struct {
	management.ProxyMVPD
	Applications                    []management.Application
	MoreApplications                bool
	CanUpdate, CanDelete, CanRecord bool
}

func showProxyMVPD(v *visit) error {
	id := v.r.PathValue("id")
	apps, err := v.Management.Applications(v.who, management.Filter{ProxyMVPD: id}, management.Part{Limit: shownOf})
	if err != nil {
		return err
	}
	data := proxyPage{Applications: apps.Applications, MoreApplications: apps.Cursor != ""}
	data.ProxyMVPD, err = v.Management.ProxyMVPD(v.who, id)
	switch {
	case err == nil:
		fixed := data.Declared || data.ManagedBy != ""
		data.CanUpdate, data.CanDelete = v.ever(access.UpdateProxyMVPD) && !fixed, v.ever(access.DeleteProxyMVPD) && !fixed
	case faultOf(err).Code == management.NotFound && len(apps.Applications) > 0:
		data.ProxyMVPD = management.ProxyMVPD{ID: id, Name: id, Implied: true}
		data.CanRecord = v.ever(access.CreateProxyMVPD)
	default:
		return err
	}
	return v.show("proxymvpd", data.Name, data, crumb{"Proxy MVPDs", "/proxy-mvpds"})
}

// proxyForm asks what to make of a proxy MVPD.
type proxyForm struct {
	*form
	making
	ID  string
	New bool
}

var ofProxy = []string{"id", "name"}

var proxyNames = map[string]string{"proxy_mvpd": "id", "idempotency_key": ""}

func newProxyMVPD(v *visit) error {
	return v.askProxy(http.StatusOK, newForm(url.Values{"id": {v.query("id")}}), "")
}

func (v *visit) askProxy(status int, f *form, id string) error {
	data := proxyForm{form: f, ID: id, New: id == ""}
	if id == "" {
		data.making = v.making(access.Resource{}, "Create", "/proxy-mvpds", false)
		return v.showStatus(status, "proxyform", "New proxy MVPD", data, crumb{"Proxy MVPDs", "/proxy-mvpds"})
	}
	at := "/proxy-mvpds/" + url.PathEscape(id)
	data.making = v.making(access.Resource{}, "Change it", at, false)
	return v.showStatus(status, "proxyform", "Change "+id, data, crumb{"Proxy MVPDs", "/proxy-mvpds"}, crumb{id, at})
}

func createProxyMVPD(v *visit) error {
	f := v.typed()
	id, spec := v.value("id"), management.ProxyMVPDSpec{Name: strings.TrimSpace(f.Value("name"))}
	err := v.do(deed{
		change: management.Change{Operation: access.CreateProxyMVPD, ID: id, ProxyMVPD: &spec},
		now: func(call management.Call) (string, done, error) {
			p, err := v.Management.CreateProxyMVPD(v.ctx(), call, id, spec)
			return "/proxy-mvpds/" + url.PathEscape(p.ID), doneCreated, err
		},
	})
	return v.again(err, f, proxyNames, ofProxy, func(status int) error { return v.askProxy(status, f, "") })
}

func editProxyMVPD(v *visit) error {
	p, err := v.Management.ProxyMVPD(v.who, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	f := newForm(url.Values{"name": {p.Name}})
	f.Version = p.Version
	return v.askProxy(http.StatusOK, f, p.ID)
}

func updateProxyMVPD(v *visit) error {
	f, id := v.typed(), v.r.PathValue("id")
	spec := management.ProxyMVPDSpec{Name: strings.TrimSpace(f.Value("name"))}
	err := v.do(deed{
		change: management.Change{Operation: access.UpdateProxyMVPD, ID: id, ProxyMVPD: &spec},
		now: func(call management.Call) (string, done, error) {
			_, err := v.Management.UpdateProxyMVPD(v.ctx(), call, id, spec)
			return "/proxy-mvpds/" + url.PathEscape(id), doneUpdated, err
		},
	})
	return v.againOf(err, f, proxyNames, ofProxy, func(status int) error { return v.askProxy(status, f, id) })
}

func askDeleteProxyMVPD(v *visit) error {
	p, err := v.Management.ProxyMVPD(v.who, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.askDelete(http.StatusOK, deletion{form: withVersion(p.Version), word: "proxy_mvpd", ID: p.ID, folder: "/proxy-mvpds"})
}

func deleteProxyMVPD(v *visit) error {
	id := v.r.PathValue("id")
	return v.delete(deletion{form: v.typed(), word: "proxy_mvpd", ID: id, folder: "/proxy-mvpds"},
		management.Change{Operation: access.DeleteProxyMVPD, ID: id},
		func(call management.Call) error { return v.Management.DeleteProxyMVPD(v.ctx(), call, id) })
}
