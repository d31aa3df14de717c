#include "rules/field_support.h"

namespace hullwatch::field {
namespace {

constexpr std::string_view kNoFiles = "needs the events open, openat, openat2, creat";
constexpr std::string_view kNoNetwork = "needs the events connect, accept, accept4, bind, sendto, recvfrom";
constexpr std::string_view kNoDescriptors = "needs the events open, openat, socket, dup, read, write";
constexpr std::string_view kNoPolls = "needs the events poll, ppoll";
constexpr std::string_view kNoPaths = "needs the events open, openat, mkdir, unlink, rename, link, symlink, chmod, chown";
constexpr std::string_view kNoMoves = "needs the events rename, renameat, renameat2, link, linkat, symlink, symlinkat";
constexpr std::string_view kNoSyslog = "needs the events sendto, sendmsg, write";

// The only descriptors our events are about are connections to runtimes' sockets.
std::string_view socket_name(const Event& event) {
  if (const auto* socket = event.get<SocketEvent>()) return socket->name;
  if (const auto* request = event.get<RuntimeRequestFinding>()) return request->socket;
  return {};
}
bool on_socket(const Event& event) {
  return event.get<SocketEvent>() != nullptr || event.get<RequestEvent>() != nullptr ||
         event.get<RuntimeRequestFinding>() != nullptr;
}
Value descriptor_name(Context c, Argument, Scratch) { return text(socket_name(c.event)); }
Value descriptor_type(Context c, Argument, Scratch) { return on_socket(c.event) ? Value(std::string_view("unix")) : Value{}; }
Value type_character(Context c, Argument, Scratch) { return on_socket(c.event) ? Value(std::string_view("u")) : Value{}; }
Value on_a_server(Context c, Argument, Scratch) { return on_socket(c.event) ? truth(false) : Value{}; }

constexpr auto kNone = Field::Argument::none;

// clang-format off
constexpr Field kFields[] = {
    {"fd.name", string, kNone, "Name of a runtime's socket as it was bound, whatever name the caller used; needs file and network events for other descriptors", descriptor_name},
    {"fd.type", string, kNone, "Type of the descriptor: unix for a runtime's socket", descriptor_type},
    {"fd.typechar", string, kNone, "Type of the descriptor as one letter: u for a runtime's socket", type_character},
    {"fd.sockfamily", string, kNone, "Family of the socket: unix", descriptor_type},
    {"fd.is_server", boolean, kNone, "True when the process serves this connection", on_a_server},

    {"fd.num", integer, kNone, "Number of the descriptor", nullptr, kNoDescriptors},
    {"fd.nameraw", string, kNone, "Path as the caller gave it", nullptr, kNoFiles},
    {"fd.directory", string, kNone, "Directory of the file", nullptr, kNoFiles},
    {"fd.filename", string, kNone, "Name of the file without its directory", nullptr, kNoFiles},
    {"fd.ino", integer, kNone, "Inode of the file", nullptr, kNoFiles},
    {"fd.dev", integer, kNone, "Device of the file", nullptr, kNoFiles},
    {"fd.dev.major", integer, kNone, "Major number of the device", nullptr, kNoFiles},
    {"fd.dev.minor", integer, kNone, "Minor number of the device", nullptr, kNoFiles},
    {"fd.is_upper_layer", boolean, kNone, "True for a file in the writable layer", nullptr, kNoFiles},
    {"fd.is_lower_layer", boolean, kNone, "True for a file in a read-only layer", nullptr, kNoFiles},
    {"fd.containername", string, kNone, "Container and name of the descriptor", nullptr, kNoFiles},
    {"fd.containerdirectory", string, kNone, "Container and directory of the file", nullptr, kNoFiles},
    {"fd.name_changed", boolean, kNone, "True when the event changed the descriptor's name", nullptr, kNoNetwork},
    {"fd.uid", string, kNone, "Number and thread of the descriptor", nullptr, kNoDescriptors},
    {"fd.types", string_list, Field::Argument::optional_index, "Types of several descriptors", nullptr, kNoPolls},
    {"fd.ip", ip, kNone, "Either address of the connection", nullptr, kNoNetwork},
    {"fd.cip", ip, kNone, "Client's address", nullptr, kNoNetwork},
    {"fd.sip", ip, kNone, "Server's address", nullptr, kNoNetwork},
    {"fd.lip", ip, kNone, "Local address", nullptr, kNoNetwork},
    {"fd.rip", ip, kNone, "Remote address", nullptr, kNoNetwork},
    {"fd.net", ip, kNone, "Either address, compared with networks", nullptr, kNoNetwork},
    {"fd.cnet", ip, kNone, "Client's address, compared with networks", nullptr, kNoNetwork},
    {"fd.snet", ip, kNone, "Server's address, compared with networks", nullptr, kNoNetwork},
    {"fd.lnet", ip, kNone, "Local address, compared with networks", nullptr, kNoNetwork},
    {"fd.rnet", ip, kNone, "Remote address, compared with networks", nullptr, kNoNetwork},
    {"fd.port", port, kNone, "Either port of the connection", nullptr, kNoNetwork},
    {"fd.cport", port, kNone, "Client's port", nullptr, kNoNetwork},
    {"fd.sport", port, kNone, "Server's port", nullptr, kNoNetwork},
    {"fd.lport", port, kNone, "Local port", nullptr, kNoNetwork},
    {"fd.rport", port, kNone, "Remote port", nullptr, kNoNetwork},
    {"fd.proto", port, kNone, "Either protocol name", nullptr, kNoNetwork},
    {"fd.cproto", string, kNone, "Client's protocol name", nullptr, kNoNetwork},
    {"fd.sproto", string, kNone, "Server's protocol name", nullptr, kNoNetwork},
    {"fd.lproto", string, kNone, "Local protocol name", nullptr, kNoNetwork},
    {"fd.rproto", string, kNone, "Remote protocol name", nullptr, kNoNetwork},
    {"fd.l4proto", string, kNone, "Transport protocol: tcp, udp, icmp, raw", nullptr, kNoNetwork},
    {"fd.connected", boolean, kNone, "True for a connected socket", nullptr, kNoNetwork},
    {"fd.cip.name", string, kNone, "Client's host name", nullptr, kNoNetwork},
    {"fd.sip.name", string, kNone, "Server's host name", nullptr, kNoNetwork},
    {"fd.lip.name", string, kNone, "Local host name", nullptr, kNoNetwork},
    {"fd.rip.name", string, kNone, "Remote host name", nullptr, kNoNetwork},
    {"fs.path.name", string, kNone, "Path a file event is about", nullptr, kNoPaths},
    {"fs.path.nameraw", string, kNone, "The same as the caller gave it", nullptr, kNoPaths},
    {"fs.path.source", string, kNone, "Source of a rename, link or copy", nullptr, kNoMoves},
    {"fs.path.sourceraw", string, kNone, "The same as the caller gave it", nullptr, kNoMoves},
    {"fs.path.target", string, kNone, "Target of a rename, link or copy", nullptr, kNoMoves},
    {"fs.path.targetraw", string, kNone, "The same as the caller gave it", nullptr, kNoMoves},
    {"fdlist.nums", string, kNone, "Descriptors of a poll", nullptr, kNoPolls},
    {"fdlist.names", string, kNone, "Names of a poll's descriptors", nullptr, kNoPolls},
    {"fdlist.cips", string, kNone, "Client addresses of a poll", nullptr, kNoPolls},
    {"fdlist.sips", string, kNone, "Server addresses of a poll", nullptr, kNoPolls},
    {"fdlist.cports", string, kNone, "Client ports of a poll", nullptr, kNoPolls},
    {"fdlist.sports", string, kNone, "Server ports of a poll", nullptr, kNoPolls},
    {"syslog.facility", unsigned_integer, kNone, "Facility of a syslog message", nullptr, kNoSyslog},
    {"syslog.facility.str", string, kNone, "Facility of a syslog message by name", nullptr, kNoSyslog},
    {"syslog.severity", unsigned_integer, kNone, "Severity of a syslog message", nullptr, kNoSyslog},
    {"syslog.severity.str", string, kNone, "Severity of a syslog message by name", nullptr, kNoSyslog},
    {"syslog.message", string, kNone, "Text of a syslog message", nullptr, kNoSyslog},
};
// clang-format on

}  // namespace

std::span<const Field> descriptor_fields() { return kFields; }

}  // namespace hullwatch::field
