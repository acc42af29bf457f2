#!/bin/sh
# Installe Relève sur une Debian 12 (amd64) sans aucun réseau. Peut être relancé sans dommage.
set -eu
umask 022
LC_ALL=C.UTF-8
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
unset PYTHONPATH PYTHONHOME PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_CONSTRAINT || true
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
prefix=/opt/releve home=/var/lib/releve act=install start=yes
key='' fingerprint='' addresses='' certificate='' certificate_key=''

usage() {
    cat <<'TEXT'
sh install.sh [options]                  (root)

  --key FICHIER         clé publique (PEM) qui doit avoir signé ce dossier
  --fingerprint HEX     empreinte du manifeste, lue sur papier
  --prefix DOSSIER      où poser le programme      (/opt/releve)
  --home DOSSIER        le dossier de Relève       (/var/lib/releve)
  --address IP[:PORT]   les pages répondent aussi là, en https (répétable ; none : ici seulement)
  --certificate FICHIER, --certificate-key FICHIER
                        le certificat de l'hôpital et sa clé (PEM) ; sinon, une autorité propre à Relève
  --check               vérifie ce dossier et cette machine, ne change rien
  --no-start            installe sans mettre en marche
  --uninstall           ôte le programme et ses unités ; laisse les données et les comptes
TEXT
}
say() { printf '%s\n' "$*"; }
refuse() { printf 'REFUSÉ : %s\n' "$1" >&2; [ $# -lt 2 ] || printf '→ %s\n' "$2" >&2; exit "${3:-1}"; }

while [ $# -gt 0 ]; do
    case $1 in
        --key) key=${2:?--key FICHIER}; shift 2 ;;
        --fingerprint) fingerprint=${2:?--fingerprint HEX}; shift 2 ;;
        --prefix) prefix=${2:?--prefix DOSSIER}; shift 2 ;;
        --home) home=${2:?--home DOSSIER}; shift 2 ;;
        --address) addresses="$addresses --address ${2:?--address IP}"; shift 2 ;;
        --certificate) certificate=${2:?--certificate FICHIER}; shift 2 ;;
        --certificate-key) certificate_key=${2:?--certificate-key FICHIER}; shift 2 ;;
        --check) act=check; shift ;;
        --uninstall) act=uninstall; shift ;;
        --no-start) start=no; shift ;;
        -h|--help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done
for each in "$prefix" "$home"; do
    case $each in /*) ;; *) refuse "$each n'est pas un chemin complet." "Commencez-le par /." 2 ;; esac
    case $each in *[!A-Za-z0-9/._-]*) refuse "$each : lettres, chiffres, / . _ - seulement." "Choisissez un autre dossier." 2 ;; esac
done
case $addresses in *[!A-Za-z0-9.:\[\]\ -]*) refuse "--address : une adresse IP, avec son port s'il n'est pas 8443." "--address 192.168.1.10" 2 ;; esac
[ "${certificate:+c}" = "${certificate_key:+c}" ] || refuse "le certificat et sa clé vont ensemble." "Donnez --certificate et --certificate-key." 2
[ "$certificate" = '' ] || [ "$addresses" != '' ] || refuse "un certificat sert une adresse." "Donnez aussi --address." 2
[ "$(id -u)" = 0 ] || refuse "il faut être root." "sudo sh install.sh" 2

systemd_runs() { [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1; }
tool() { "$1/venv/bin/python" -I -m releve.runtime.installed "$2" --home "$home" --prefix "$prefix"; }
place_pages() {
    set -f
    set -- $addresses
    set +f
    [ -z "$certificate" ] || set -- "$@" --certificate "$certificate" --key "$certificate_key"
    "$place/venv/bin/python" -I -m releve.runtime.installed addresses --home "$home" --prefix "$prefix" "$@" >/dev/null
}

verify() {
    set --
    [ -z "$key" ] || set -- "$@" --key "$key"
    [ -z "$fingerprint" ] || set -- "$@" --fingerprint "$fingerprint"
    sh "$here/verify" "$@" || exit 1
}

check_machine() {
    id='' number=''
    [ ! -r /etc/os-release ] || { id=$(. /etc/os-release && echo "${ID:-}"); number=$(. /etc/os-release && echo "${VERSION_ID:-}"); }
    [ "$id $number" = "debian 12" ] || refuse "cette machine n'est pas une Debian 12 ($id $number)." "Installez Debian 12 (bookworm)."
    architecture=$(dpkg --print-architecture)
    [ "$architecture" = amd64 ] || refuse "architecture $architecture : ce dossier est pour amd64." "Fabriquez-en un sur une machine de cette architecture."
    room "$prefix" 1200
    room "$home" 2048
    say "Machine : Debian 12 amd64, place suffisante."
}

room() {
    folder=$1
    while [ ! -d "$folder" ]; do folder=$(dirname -- "$folder"); done
    free=$(df -Pk "$folder" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free" -ge "$2" ] || refuse "$folder : $free Mio libres, il en faut $2." "Agrandissez ce disque, ou choisissez un autre dossier."
}

# Every folder of versions this script makes is written there first: nothing else of versions/ is ever removed.
mark() { printf '%s\n' "$prefix/.releve-install"; }

uninstall() {
    [ -f "$(mark)" ] || refuse "$prefix ne porte pas la marque d'une installation de Relève : rien n'est ôté." "Donnez le dossier de l'installation (--prefix)."
    if grep -qsF "$prefix/current/venv/" /etc/systemd/system/releve-*.service; then uninstall_units; fi
    if [ "$(readlink /usr/local/bin/releve 2>/dev/null)" = "$prefix/bin/releve" ]; then rm -f /usr/local/bin/releve; fi
    case $(readlink "$prefix/current" 2>/dev/null) in "$prefix/versions/"*) rm -f "$prefix/current" ;; esac
    while IFS= read -r each; do
        case $each in ''|.*|*[!A-Za-z0-9._+-]*) continue ;; esac
        [ -L "$prefix/versions/$each" ] || rm -rf "$prefix/versions/$each"
    done <"$(mark)"
    for each in releve releve-address; do
        if grep -qsF "exec $prefix/current/venv/" "$prefix/bin/$each" || grep -qs '^# releve-address --address' "$prefix/bin/$each"; then rm -f "$prefix/bin/$each"; fi
    done
    rm -f "$(mark)"
    for each in "$prefix/versions" "$prefix/bin" "$prefix"; do rmdir "$each" 2>/dev/null || true; done
    say "Programme et unités ôtés. Restent, exprès : $home (toutes les données), les comptes releve-*, les paquets Debian."
}

uninstall_units() {
    if systemd_runs; then systemctl disable --now releve.target >/dev/null 2>&1 || true; fi
    for unit in /etc/systemd/system/releve.target /etc/systemd/system/releve-*.service \
        /etc/systemd/system/releve-*.socket /etc/systemd/system/releve-*.timer; do
        if grep -qs '^Description=Relève' "$unit"; then rm -f "$unit"; fi
    done
    if systemd_runs; then systemctl daemon-reload || true; fi
}

name_place() {
    version=$(cat "$here/VERSION")
    set -- $(sha256sum "$here/MANIFEST")
    name=$version-$(printf '%s' "$1" | cut -c1-12)
    place=$prefix/versions/$name
}

# Asked of a program already there (this one, unpacked by a run that was cut, else the one in service).
ask_first() {
    for each in "$place" "$prefix/current"; do
        if [ -e "$each/.complete" ] && [ -x "$each/venv/bin/python" ]; then
            tool "$each" may-update
            return
        fi
    done
}

install_packages() {
    state=$(mktemp -d)
    mkdir -p "$state/lists/partial" "$state/archives/partial"
    printf 'deb [trusted=yes] copy:%s ./\n' "$here/debian" >"$state/sources.list"
    # apt on a list of its own: this machine's sources and lists are neither read nor changed.
    set -- -q -y -o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=- \
        -o "Dir::State::lists=$state/lists" -o "Dir::Cache::archives=$state/archives" \
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root \
        -o Acquire::Languages=none -o Dpkg::Options::=--force-confold \
        -o APT::Get::List-Cleanup=0
    log=$state/log
    if ! { apt-get "$@" update && DEBIAN_FRONTEND=noninteractive apt-get "$@" --no-install-recommends \
        --no-remove install $(cat "$here/PACKAGES"); } </dev/null >"$log" 2>&1; then
        tail -n 8 "$log" >&2
        refuse "les paquets Debian ne s'installent pas (journal : $log)." "apt-get -f install, puis relancez." 2
    fi
    rm -rf "$state"
    say "Paquets Debian : en place."
}

install_program() {
    mkdir -p "$prefix/versions"
    if ! grep -qsxF "$name" "$(mark)"; then
        [ ! -e "$place" ] || [ -e "$place/.complete" ] || refuse "$place existe, et cette installation ne l'a pas fait." "Déplacez-le, ou choisissez un autre --prefix."
        printf '%s\n' "$name" >>"$(mark)"
    fi
    if [ ! -e "$place/.complete" ]; then
        rm -rf "$place"
        mkdir -p "$place"
        python3 -m venv "$place/venv"
        "$place/venv/bin/python" -I -m pip --isolated install -q --disable-pip-version-check --no-index \
            --find-links "$here/wheels" --only-binary :all: --no-deps --require-hashes \
            -r "$here/requirements.txt" || refuse "les bibliothèques Python ne s'installent pas." "Relancez ; le dossier incomplet sera refait." 2
        cp "$here/VERSION" "$here/MANIFEST" "$here/sbom.cdx.json" "$place/"
        : >"$place/.complete"
    fi
    say "Programme : $place"
}

place_commands() {
    mkdir -p "$prefix/bin"
    cat >"$prefix/bin/releve.new" <<TEXT
#!/bin/sh
# La console de Relève : lâche les droits de root, puis passe le verbe au programme.
umask 022
RELEVE_ROOT=/var/cache/releve RELEVE_DEFAULT_HOME=$home PYTHONUTF8=1
LC_ALL=\${LC_ALL:-C.UTF-8}
export RELEVE_ROOT RELEVE_DEFAULT_HOME PYTHONUTF8 LC_ALL
unset PYTHONPATH PYTHONHOME
exec $prefix/current/venv/bin/python -m releve "\$@"
TEXT
    chmod 755 "$prefix/bin/releve.new"
    mv -f "$prefix/bin/releve.new" "$prefix/bin/releve"
    cat >"$prefix/bin/releve-address" <<TEXT
#!/bin/sh
# releve-address --address IP[:PORT]… : où les pages répondent en https ; « none » : ici seulement. Root, même en crise.
set -eu
umask 022
$prefix/current/venv/bin/python -I -X utf8 -m releve.runtime.installed addresses --home $home --prefix $prefix "\$@"
[ -d /run/systemd/system ] || { echo "systemd ne tourne pas ici : les unités sont posées."; exit 0; }
systemctl stop releve-web.service releve-web-tls.socket 2>/dev/null || true
systemctl daemon-reload
systemctl start releve.target
TEXT
    chmod 755 "$prefix/bin/releve-address"
    if [ ! -e /usr/local/bin/releve ] || [ -L /usr/local/bin/releve ]; then
        mkdir -p /usr/local/bin
        ln -sfn "$prefix/bin/releve" /usr/local/bin/releve
    fi
}

case $act in
    uninstall) uninstall; exit 0 ;;
esac
verify
check_machine
if [ "$act" = check ]; then
    if [ -e "$prefix/current/.complete" ]; then say "Installé : $(basename -- "$(readlink "$prefix/current")")"; else say "Installé : rien."; fi
    exit 0
fi
if [ "${key:+k}${fingerprint:+f}" = '' ]; then
    say "*** INSTALLATION SANS PREUVE D'ORIGINE *** (ni clé ni empreinte données)" >&2
fi
# Before this machine is touched: is all calm, and is this home for us?
name_place
ask_first
install_packages
install_program
# Again, by the program that is about to take over.
tool "$place" may-update
if systemd_runs && systemctl is-active --quiet releve.target; then systemctl stop releve.target; fi
tool "$place" users
tool "$place" home
place_commands
ln -sfn "$place" "$prefix/current.new"
mv -T "$prefix/current.new" "$prefix/current"
if [ "$addresses" != '' ]; then place_pages; else tool "$place" units; fi
if systemd_runs; then
    systemctl daemon-reload
    if [ "$start" = yes ]; then systemctl enable --now releve.target; fi
fi
tool "$place" next-steps
if ! systemd_runs; then say "systemd ne tourne pas ici : les unités sont posées, rien n'est en marche."; fi
