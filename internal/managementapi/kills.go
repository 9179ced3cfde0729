package managementapi

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

var ofKills = []operation{
	{
		method: http.MethodGet, path: "/kills", id: "listKills", summary: "List what was revoked, in no order.", query: with(killKind),
		gives: management.Kills{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			page, err := c.service.Kills(c.ctx(), c.who, c.query.Get("kind"), c.part())
			return answer{body: page}, err
		},
	},
	{
		method: http.MethodPost, path: "/kills", id: "throwKill",
		summary: "Revoke something. The answer says which gateways have applied it; what was revoked already stays so, with its first reason.",
		takes:   management.KillOrder{}, gives: management.Revocation{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			order, err := read[management.KillOrder](c)
			if err != nil {
				return answer{}, err
			}
			done, err := c.service.Revoke(c.ctx(), c.asked(), order)
			return answer{body: done}, err
		},
	},
	{
		method: http.MethodDelete, path: "/kills/{kind}/{id}", id: "liftKill", summary: "Put the kill switch of a platform or a channel back.",
		gives: management.Revocation{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			done, err := c.service.Unrevoke(c.ctx(), c.asked(), c.name("kind"), c.name("id"))
			return answer{body: done}, err
		},
	},
	{
		method: http.MethodGet, path: "/keys", id: "listKeys", summary: "List the gateway's own keys, never with their material.",
		gives: management.KeyList{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			keys, err := c.service.OwnKeys(c.who)
			return answer{body: keys}, err
		},
	},
	{
		method: http.MethodPost, path: "/keys", id: "rotateKey", summary: "Make a new key, which is published before it signs.",
		takes: management.KeyOrder{}, gives: management.Rotation{}, status: http.StatusCreated,
		serve: func(c *call) (answer, error) {
			order, err := read[management.KeyOrder](c)
			if err != nil {
				return answer{}, err
			}
			done, err := c.service.RotateKey(c.ctx(), c.asked(), order)
			return answer{body: done}, err
		},
	},
}
