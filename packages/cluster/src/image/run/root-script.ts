/**
 * What RUN's namespaces are made ready by: bash, as root of new user, mount and process namespaces. It makes a root of its own, with this machine's programs
 * read-only, the tree at /rootfs and nothing else, and leaves the machine's behind. A tree with a shell (`own`) then becomes the command's root; one without
 * (`host`) is where it works. `$1`: own or host. `$2`: an empty folder. `$3`: the tree. `$4`: the working directory in it. Then the command's words.
 */
export const rootScript: string = String.raw`
set -eu
kind=$1 root=$2 tree=$3 workdir=$4
shift 4
devices() {
  mkdir -p "$1"
  mount -t tmpfs -o mode=755,size=64k tmpfs "$1"
  for device in null zero full random urandom tty; do
    if [ -c /dev/$device ]; then : > "$1/$device"; mount --bind /dev/$device "$1/$device"; fi
  done
  ln -s /proc/self/fd "$1/fd"
  ln -s /proc/self/fd/0 "$1/stdin"
  ln -s /proc/self/fd/1 "$1/stdout"
  ln -s /proc/self/fd/2 "$1/stderr"
}
proc() {
  mkdir -p "$1"
  mount -t proc proc "$1" 2>/dev/null || mount --rbind /proc "$1"
}
readonly_folder() {
  mkdir -p "$root$1"
  mount --rbind "$1" "$root$1"
  mount -o remount,bind,ro "$root$1"
}
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$root"
mkdir -p "$root/rootfs" "$root/tmp" "$root/root" "$root/etc" "$root/var/tmp" "$root/run" "$root/old"
chmod 1777 "$root/tmp" "$root/var/tmp"
for folder in /usr /bin /sbin /lib /lib32 /lib64 /libx32; do
  if [ -L $folder ]; then ln -s "$(readlink $folder)" "$root$folder"
  elif [ -d $folder ]; then readonly_folder $folder; fi
done
for folder in /etc/ssl /etc/ca-certificates /etc/pki /etc/alternatives; do
  if [ -d $folder ]; then readonly_folder $folder; fi
done
for file in /etc/resolv.conf /etc/hosts /etc/nsswitch.conf /etc/ld.so.cache /etc/ld.so.conf /etc/services /etc/protocols; do
  if [ -f $file ]; then cat $file > "$root$file"; fi
done
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n' > "$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' > "$root/etc/group"
mount --bind "$tree" "$root/rootfs"
devices "$root/dev"
proc "$root/proc"
if [ "$kind" = own ]; then
  for place in dev proc etc; do
    if [ -L "$root/rootfs/$place" ]; then echo "/$place of the image is a symlink: nothing can be run in it" >&2; exit 125; fi
  done
  devices "$root/rootfs/dev"
  proc "$root/rootfs/proc"
  resolver=$root/rootfs/etc/resolv.conf
  if [ -d "$root/rootfs/etc" ] && [ ! -L "$resolver" ] && [ -f "$root/etc/resolv.conf" ]; then
    if [ ! -e "$resolver" ]; then : > "$resolver"; fi
    mount --bind "$root/etc/resolv.conf" "$resolver"
  fi
fi
cd "$root"
pivot_root . old
umount -l /old
rmdir /old
if [ "$kind" = own ]; then exec chroot /rootfs /bin/sh -c 'cd "$0" && exec "$@"' "$workdir" "$@"; fi
cd "/rootfs$workdir"
exec "$@"
`;
