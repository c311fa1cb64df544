"""Where the domain leads: asks name servers, compares with the balancer, and switches over and back."""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnslib import QTYPE, DNSRecord

from deploy.aws import Aws
from deploy.environments import Environment
from deploy.errors import DeployError
from deploy.progress import say
from deploy.releases import read, write

TIMEOUT = 5
ALIAS_TTL = 60
"""What Route 53 answers for an alias of a balancer; nobody can set it."""


@dataclass(frozen=True)
class Resolver:
    """A name server that is asked, `address` or `address:port`."""

    address: str
    port: int = 53

    @classmethod
    def parse(cls, text: str) -> "Resolver":
        address, _, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "53")
        if not port.isdecimal():
            raise DeployError(f"{text} is not a name server's address; write 1.1.1.1 or 127.0.0.1:5353.")
        return cls(address, int(port))

    @classmethod
    def of_this_machine(cls) -> "Resolver":
        for line in Path("/etc/resolv.conf").read_text(encoding="utf-8").splitlines():
            if line.startswith("nameserver"):
                return cls(line.split()[1])
        raise DeployError("This machine names no resolver in /etc/resolv.conf; give one with --resolver.")

    def ask(self, name: str, kind: str) -> list[tuple[str, int]]:
        """The answers of that kind with their time to live, CNAMEs followed."""
        question = DNSRecord.question(name, kind)
        try:
            packet = question.send(self.address, self.port, timeout=TIMEOUT)
            answer = DNSRecord.parse(packet)
            if answer.header.tc:
                answer = DNSRecord.parse(question.send(self.address, self.port, tcp=True, timeout=TIMEOUT))
        except OSError as problem:
            raise DeployError(f"The name server {self.address}:{self.port} does not answer: {problem}") from None
        return [
            (str(record.rdata).rstrip(".").lower() if kind == "NS" else str(record.rdata), int(record.ttl))
            for record in answer.rr
            if QTYPE[record.rtype] == kind
        ]


def check(
    resolvers: Iterable[Resolver],
    domain: str,
    target: str,
    *,
    name_servers: Iterable[str] = (),
    zone: str = "",
    most_ttl: int | None = None,
) -> list[str]:
    """What is wrong: the apex and a name that only the wildcard knows must lead where `target` leads."""
    problems: list[str] = []
    for resolver in resolvers:
        here = f" (asked {resolver.address})"
        wanted = {kind: {address for address, _ in resolver.ask(target, kind)} for kind in ("A", "AAAA")}
        if not wanted["A"]:
            problems.append(f"{target}, where all should lead, has no address{here}.")
            continue
        for name, label in ((domain, domain), (f"esa-check-{secrets.token_hex(4)}.{domain}", f"*.{domain}")):
            for kind in ("A", "AAAA"):
                problems += [
                    problem + here for problem in compare(resolver, name, label, kind, wanted[kind], target, most_ttl)
                ]
        if name_servers:
            found = {server for server, _ in resolver.ask(zone, "NS")}
            if found != set(name_servers):
                problems.append(
                    f"{zone} is delegated to {listed(found)}, its Route 53 zone is served by {listed(name_servers)}{here}."
                )
        issuers = [issuer for issuer, _ in resolver.ask(domain, "CAA")]
        if issuers and not any("amazon" in issuer for issuer in issuers):
            problems.append(f"{domain} has CAA records that keep Amazon from issuing its certificate{here}.")
    return problems


def compare(
    resolver: Resolver, name: str, label: str, kind: str, wanted: set[str], target: str, most_ttl: int | None
) -> list[str]:
    answers = resolver.ask(name, kind)
    found = {address for address, _ in answers}
    if not found and kind == "AAAA":
        return []
    if not found:
        return [f"{label} has no address"]
    if strange := found - wanted:
        return [f"{label} leads to {listed(strange)} by {kind}, {target} is {listed(wanted) or 'nowhere'}"]
    ttl = max(ttl for _, ttl in answers)
    say(f"{label} {kind} {listed(found)}, kept for {ttl} s")
    if most_ttl is not None and ttl > most_ttl:
        return [f"{label} is kept for {ttl} s, more than {most_ttl}"]
    return []


def listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def check_environment(
    aws: Aws, environment: Environment, resolvers: list[Resolver], *, expect: str, most_ttl: int | None
) -> list[str]:
    """The check with what AWS knows: the balancer's name, and the zone's name servers."""
    if expect:  # before the move: everything still leads to the old host, perhaps by another provider's servers
        return check(resolvers, environment.domain, expect, most_ttl=most_ttl)
    zone = aws("route53").get_hosted_zone(Id=environment.hosted_zone_id)
    return check(
        resolvers,
        environment.domain,
        environment.outputs(aws)["BalancerName"],
        name_servers=[server.rstrip(".").lower() for server in zone["DelegationSet"]["NameServers"]],
        zone=zone["HostedZone"]["Name"].rstrip("."),
        most_ttl=most_ttl,
    )


def switch(aws: Aws, environment: Environment) -> bool:
    """Leads apex and wildcard here in one change, and remembers what was there; False when they do already."""
    stack = aws.stack(environment.app_stack)
    given = {one["ParameterKey"]: one["ParameterValue"] for one in (stack or {}).get("Parameters", [])}
    if given.get("DnsRecords", "stack") == "stack":
        raise DeployError(
            f'{environment.app_stack} keeps the records itself; set DnsRecords = "manual" to switch by hand.'
        )
    outputs = environment.outputs(aws)
    wanted = [alias(name, outputs) for name in names_of(environment)]
    had = records(aws, environment)
    if same(had, wanted):
        say(f"{environment.domain} leads to {outputs['BalancerName']} already")
        return False
    write(aws, environment, "dns-before", json.dumps(had))
    change(aws, environment, had, wanted)
    say(f"{environment.domain} and *.{environment.domain} lead to {outputs['BalancerName']}")
    return True


def switch_back(aws: Aws, environment: Environment) -> None:
    """Leads apex and wildcard where they led before the last switch."""
    remembered = read(aws, environment, "dns-before")
    if not remembered:
        raise DeployError(f"Nothing is remembered of where {environment.domain} led before.")
    change(aws, environment, records(aws, environment), json.loads(remembered))
    say(f"{environment.domain} and *.{environment.domain} lead where they led before")


def names_of(environment: Environment) -> tuple[str, str]:
    return environment.domain, f"*.{environment.domain}"


def plain(name: str) -> str:
    """A name as people write it; Route 53 gives `\\052.example.com.`."""
    return name.rstrip(".").replace("\\052", "*")


def alias(name: str, outputs: dict[str, str]) -> dict[str, Any]:
    target = {
        "HostedZoneId": outputs["BalancerZone"],
        "DNSName": outputs["BalancerName"],
        "EvaluateTargetHealth": False,
    }
    return {"Name": name, "Type": "A", "AliasTarget": target}


def records(aws: Aws, environment: Environment) -> list[dict[str, Any]]:
    """The records of apex and wildcard that say where they lead."""
    pages = aws("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=environment.hosted_zone_id)
    return [
        record
        for page in pages
        for record in page["ResourceRecordSets"]
        if plain(record["Name"]) in names_of(environment) and record["Type"] in {"A", "AAAA", "CNAME"}
    ]


def same(had: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> bool:
    def key(record: dict[str, Any]) -> tuple[str, str, str]:
        target = record.get("AliasTarget", {}).get("DNSName", "")
        return plain(record["Name"]), record["Type"], target.rstrip(".").lower()

    return sorted(map(key, had)) == sorted(map(key, wanted))


def change(aws: Aws, environment: Environment, had: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    """One batch, so that nobody sees a moment without an address."""
    changes = [{"Action": "DELETE", "ResourceRecordSet": record} for record in had if record not in wanted]
    changes += [{"Action": "UPSERT", "ResourceRecordSet": record} for record in wanted]
    answer = aws("route53").change_resource_record_sets(
        HostedZoneId=environment.hosted_zone_id, ChangeBatch={"Comment": "python -m deploy dns", "Changes": changes}
    )
    aws("route53").get_waiter("resource_record_sets_changed").wait(Id=answer["ChangeInfo"]["Id"])
